// What the grids' columns say by name: numbers as text, and orders in which the unknown stands last.
(() => {
  const grid = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  const sizes = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

  // Each way to write a number, the same as in monitor/model/text.py; unknown is a dash, and no limit is infinite.
  const written = (write) => (params) => {
    if (params.value == null) return "–";
    const value = Number(params.value);
    return value === Infinity ? "∞" : write(value);
  };

  grid.count = written((value) => whole.format(value));

  grid.bytes = written((value) => {
    let step = 0;
    while (Math.abs(value) >= 999.5 && step < sizes.length - 1) {
      value /= 1024;
      step += 1;
    }
    return value.toFixed(step === 0 || Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2) + " " + sizes[step];
  });

  grid.precise = written((value) => value.toFixed(1) + " s");

  grid.milliseconds = written((value) => (value * 1000).toFixed(value < 0.01 ? 1 : 0) + " ms");

  grid.percent = written((value) => Math.floor(value * 100) + " %");

  grid.change = written((value) => {
    const percent = Math.round(value * 100);
    return (percent < 0 ? "" : "+") + (percent || 0) + " %";
  });

  grid.span = written((value) => window.kmon.duration(value));

  // A time that is left; without an end it is "never".
  grid.left = ({ value }) =>
    value == null ? "–" : Number(value) === Infinity ? "never" : window.kmon.duration(Number(value));

  grid.rate = written((value) => (value < 9.95 ? value.toFixed(1) : whole.format(value)) + "/s");

  // An age with what it may be off, "3 min ± 12 s", or what is known of it.
  grid.age = ({ value, data }) => {
    if (value != null) return window.kmon.duration(value) + (data.age_error >= 1 ? " ± " + window.kmon.duration(data.age_error) : "");
    return data && data.age_at_least > 0 ? "≥ " + window.kmon.duration(data.age_at_least) : "–";
  };

  // How long before the poll that is shown a unix time was, or the latest that it can have been.
  grid.since = ({ value, data }) => {
    const ago = (time) => window.kmon.duration(window.kmon.shownTime - time);
    if (value != null) return ago(value);
    return data && data.since_at_latest != null ? "≥ " + ago(data.since_at_latest) : "–";
  };

  grid.when = ({ data }) => (data ? data.when : "");

  grid.clock = ({ data }) => (data ? data.clock + " UTC" : "");

  // The filter box looks for names and words; "1" is not to find every group of one member.
  grid.unsearched = () => "";

  grid.whyUnknown = ({ value, data, colDef }) =>
    value == null && data && data.whys ? window.kmon.visible(window.kmon.whys[data.whys]?.[colDef.field] ?? "") : "";

  grid.visible = (params) => (params.value == null ? "" : window.kmon.visible(params.value));

  // A lag that is not known whole shows what is known of it.
  grid.total = (params) => {
    if (params.value != null) return whole.format(params.value);
    const known = params.data && params.data.at_least;
    return known == null || known === 0 ? "–" : "≥ " + whole.format(known);
  };

  // AG Grid negates the answer when it sorts downwards, so the unknown is put last both ways. What is known of an
  // unknown number stands in for it.
  const knownFirst = (part) => (a, b, nodeA, nodeB, downwards) => {
    const left = a ?? nodeA?.data?.[part] ?? null, right = b ?? nodeB?.data?.[part] ?? null;
    if (left == null || right == null) {
      const unknown = (left == null ? 1 : 0) - (right == null ? 1 : 0);
      return downwards ? -unknown : unknown;
    }
    return Number(left) === Number(right) ? 0 : Number(left) - Number(right);
  };
  grid.knownFirst = knownFirst("");
  grid.totalFirst = knownFirst("at_least");
  grid.ageFirst = knownFirst("age_at_least");
  grid.sinceFirst = knownFirst("since_at_latest");

  grid.bySeverity = (_a, _b, nodeA, nodeB) => (nodeA?.data?.severity ?? -1) - (nodeB?.data?.severity ?? -1);
})();
