// Cells drawn as React elements: their texts are text nodes, so a name is never markup.
(() => {
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const element = (...parts) => window.React.createElement(...parts);

  cells.StatusMark = ({ value, glyphs, statuses }) =>
    value == null
      ? null
      : element("span", { className: "status status-" + (statuses ? statuses[value] : value) },
          element("span", { className: "glyph", "aria-hidden": true }, glyphs[value]), value);

  // How full something is, as a bar and in percent.
  cells.Meter = ({ value, valueFormatted }) =>
    value == null
      ? "–"
      : element("span", { className: "meter " + (value >= 0.9 ? "bad" : value >= 0.8 ? "warn" : "") },
          element("span", { className: "meter-bar", "aria-hidden": true },
            element("span", { style: { width: Math.min(100, value * 100) + "%" } })),
          valueFormatted);

  cells.NameLink = ({ value, base }) => {
    if (value == null) return null;
    const href = window.kmon.nameHref(base, value);
    const follow = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      window.kmon.go(window.kmon.nameHref(base, value)); // the cluster may have been changed since
    };
    const shown = window.kmon.visible(value);
    return element("a", { href, title: shown, className: "name", onClick: follow }, shown || "(empty name)");
  };
})();
