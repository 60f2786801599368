// Cells drawn as React elements: their texts are text nodes, so a name is never markup.
(() => {
  const cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  const element = (...parts) => window.React.createElement(...parts);

  cells.StatusMark = ({ value, glyphs }) =>
    value == null
      ? null
      : element("span", { className: "status status-" + value },
          element("span", { className: "glyph", "aria-hidden": true }, glyphs[value]), value);

  cells.GroupLink = ({ value }) => {
    if (value == null) return null;
    const href = window.kmon.groupHref(value);
    const follow = (event) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      event.preventDefault();
      window.kmon.go(href);
    };
    const shown = window.kmon.visible(value);
    return element("a", { href, title: shown, className: "name", onClick: follow }, shown || "(empty name)");
  };
})();
