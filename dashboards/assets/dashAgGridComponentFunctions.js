// Cells drawn as React elements: their texts are text nodes, so a name is never markup.
(() => {
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const element = (...parts) => window.React.createElement(...parts);

  cells.StatusMark = ({ value, data, glyphs, signs }) =>
    value == null
      ? null
      : element("span", { className: "status level-" + data.level },
          element("span", { className: "glyph", "aria-hidden": true }, glyphs[value] ?? signs[data.level]), value);

  // How much of something is done or used, as a bar and in percent; `level` names the cell with the level of that.
  cells.Meter = ({ value, valueFormatted, data, level }) =>
    value == null
      ? "–"
      : element("span", { className: level && data[level] !== "ok" ? "meter level-" + data[level] : "meter" },
          element("span", { className: "meter-bar", "aria-hidden": true },
            element("span", { style: { width: Math.min(100, value * 100) + "%" } })),
          valueFormatted);

  // `hrefOf` gives the address, when it is followed too: the cluster may have been changed since.
  const link = (value, hrefOf) => {
    const follow = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      window.kmon.go(hrefOf());
    };
    const shown = window.kmon.visible(value);
    return element("a", { href: hrefOf(), title: shown, className: "name", onClick: follow }, shown || "(empty name)");
  };

  cells.NameLink = ({ value, base }) => (value == null ? null : link(value, () => window.kmon.nameHref(base, value)));

  // A text that leads to the page of its row's address.
  cells.PlaceLink = ({ value, data }) => (value == null ? null : link(value, () => data.href));
})();
