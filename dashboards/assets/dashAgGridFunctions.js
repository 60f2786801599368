// What the grids' columns say by name: numbers as text, and orders in which the unknown stands last.
(() => {
  const grid = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const kmon = (window.kmon = window.kmon || {});
  const even = { maximumFractionDigits: 0, roundingMode: "halfEven" }; // as Python rounds
  const whole = new Intl.NumberFormat("en-US", even);
  const signed = new Intl.NumberFormat("en-US", { ...even, useGrouping: false, signDisplay: "always" });
  const sizes = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

  // Each function of monitor/model/text.py that kinds of numbers are written by, under its name there.
  const endless = (write) => (value) => (value === Infinity ? "∞" : write(value));
  const write = (kmon.write = {
    count: endless((value) => whole.format(value)),
    number: (value) => value.toFixed(0),
    duration: endless((value) => kmon.duration(value)),
    time_left: (value) => (value === Infinity ? "never" : kmon.duration(value)),
    moment: (value) => new Date(value * 1000).toISOString().slice(0, 19).replace("T", " ") + " UTC",
    latency: (value) => (value * 1000).toFixed(value < 0.01 ? 1 : 0) + " ms",
    rate: (value) => (value < 9.95 ? value.toFixed(1) : whole.format(value)) + "/s",
    percent: endless((value) => Math.floor(value * 100) + " %"),
    share: endless((value) => Number((value * 100).toPrecision(6)) + " %"),
    times: endless((value) => value.toFixed(1).replace(/\B(?=(\d{3})+\.)/g, ",") + "×"),
    change: endless((value) => signed.format(value * 100).replace(/^-0$/, "+0") + " %"),
    size: endless((value) => {
      let step = 0;
      while (Math.abs(value) >= 999.5 && step < sizes.length - 1) {
        value /= 1024;
        step += 1;
      }
      return value.toFixed(step === 0 || Math.abs(value) >= 99.95 ? 0 : Math.abs(value) >= 9.995 ? 1 : 2) + " " + sizes[step];
    }),
    throughput: (value) => write.size(value) + "/s",
    // How long before the poll that is shown a unix time was.
    since: (value) => kmon.duration(kmon.shownTime - value),
  });

  // A cell as monitor/subjects/shown.py writes it: with its error, its known part, or a dash.
  const written = (name) => ({ value, data, colDef }) => {
    const of = (what) => data?.[colDef?.field + what];
    const error = of("_error"), part = of("_at_least") ?? of("_at_latest");
    if (value != null) return write[name](Number(value)) + (error >= 1 ? " ± " + write[name](error) : "");
    return part > 0 ? "≥ " + write[name](part) : "–";
  };
  for (const name of Object.keys(write)) grid[name] = written(name);

  grid.when = ({ data }) => (data ? data.when : "");

  grid.clock = ({ data }) => (data ? data.clock + " UTC" : "");

  // The filter box looks for names and words; "1" is not to find every group of one member.
  grid.unsearched = () => "";

  grid.whyUnknown = ({ value, data, colDef }) =>
    value == null && data && data.whys ? kmon.visible(kmon.whys[data.whys]?.[colDef.field] ?? "") : "";

  grid.visible = (params) => (params.value == null ? "" : kmon.visible(params.value));

  // AG Grid negates the answer when it sorts downwards, so the unknown is put last both ways. What is known of an
  // unknown number stands in for it.
  grid.knownFirst = (part) => (a, b, nodeA, nodeB, downwards) => {
    const left = a ?? nodeA?.data?.[part] ?? null, right = b ?? nodeB?.data?.[part] ?? null;
    if (left == null || right == null) {
      const unknown = (left == null ? 1 : 0) - (right == null ? 1 : 0);
      return downwards ? -unknown : unknown;
    }
    return Number(left) === Number(right) ? 0 : Number(left) - Number(right);
  };

  grid.bySeverity = (_a, _b, nodeA, nodeB) => (nodeA?.data?.severity ?? -1) - (nodeB?.data?.severity ?? -1);
})();
