// What the grids' columns say by name: numbers as text, and orders in which the unknown stands last.
(() => {
  const grid = (window.dashAgGridFunctions = window.dashAgGridFunctions || {});
  const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  // The same as SEVERITY in monitor/derive/lag.py.
  const order = { ok: 0, unknown: 1, behind: 2, lost: 3 };

  grid.count = (params) => (params.value == null ? "–" : whole.format(params.value));

  // The filter box looks for names and words; "1" is not to find every group of one member.
  grid.unsearched = () => "";

  grid.visible = (params) => (params.value == null ? "" : window.kmon.visible(params.value));

  // A lag that is not known whole shows what is known of it.
  grid.total = (params) => {
    if (params.value != null) return whole.format(params.value);
    const known = params.data && params.data.at_least;
    return known == null ? "–" : "≥ " + whole.format(known);
  };

  const place = (value, node) => value ?? (node && node.data && node.data.at_least) ?? null;

  // AG Grid negates the answer when it sorts downwards, so the unknown is put last both ways.
  grid.knownFirst = (a, b, nodeA, nodeB, downwards) => {
    const left = place(a, nodeA), right = place(b, nodeB);
    if (left == null || right == null) {
      const unknown = (left == null ? 1 : 0) - (right == null ? 1 : 0);
      return downwards ? -unknown : unknown;
    }
    return left - right;
  };

  grid.byStatus = (a, b) => (order[a] ?? -1) - (order[b] ?? -1);
})();
