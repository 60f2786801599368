// What happens in the browser without asking the server: the state in the URL, and the grids' rows.
(() => {
  const kmon = (window.kmon = window.kmon || {});
  const client = (window.dash_clientside = window.dash_clientside || {});
  const defaults = { q: "", range: "1h", show: "watched", columns: "main", kind: null };
  const whole = new Intl.NumberFormat("en-US");

  // The same as visible in monitor/model/text.py: what cannot be seen, or turns text around, stands as its escape.
  const unseen = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;
  const mark = /[\p{M}\u1161-\u11ff\ud7b0-\ud7ff\u{1f3fb}-\u{1f3ff}]/u;
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
  const spell = (letter) => {
    const code = letter.codePointAt(0), hex = code.toString(16);
    if (short[letter]) return short[letter];
    return code < 0x100 ? "\\x" + hex.padStart(2, "0") : code < 0x10000 ? "\\u" + hex.padStart(4, "0") : "\\U" + hex.padStart(8, "0");
  };
  kmon.visible = (name) => {
    let marks = 0;
    return Array.from(String(name), (letter) => {
      marks = mark.test(letter) ? marks + 1 : 0;
      return marks > 2 || (letter !== " " && unseen.test(letter)) ? spell(letter) : letter;
    }).join("");
  };

  // --- addresses -------------------------------------------------------------------------------------------------

  const parameter = (name) => new URLSearchParams(location.search).get(name);

  const onCluster = (path, cluster) => path + (cluster ? "?cluster=" + encodeURIComponent(cluster) : "");

  // The same as dashboards/links.py: "", "." and ".." cannot stand in a path, so a bare "=" marks them.
  kmon.nameHref = (base, name) => {
    const marked = name === "" || name === "." || name === "..";
    const safe = encodeURIComponent(name.toWellFormed ? name.toWellFormed() : name);
    const encoded = safe.replace(/[!'()*]/g, (letter) => "%" + letter.charCodeAt(0).toString(16).toUpperCase());
    return onCluster(base + "/" + (marked ? "=" : "") + encoded, parameter("cluster"));
  };

  kmon.go = (href) => {
    history.pushState({}, "", href);
    dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    scrollTo(0, 0);
  };

  const keep = (kmon.keep = (name, value) => {
    const query = new URLSearchParams(location.search);
    if (value == null || value === "") query.delete(name);
    else query.set(name, value);
    const search = query.toString();
    history.replaceState(history.state, "", location.pathname + (search ? "?" + search : "") + location.hash);
  });

  // Another cluster is shown on the same page, with the same filter and order.
  document.addEventListener("click", (event) => {
    const link = event.target.closest && event.target.closest("#clusters a");
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const query = new URLSearchParams(location.search);
    query.set("cluster", new URL(link.href).searchParams.get("cluster"));
    kmon.go(new URL(link.href).pathname + "?" + query);
  }, true);

  // A link to a problem leads to its row, which comes after its page does.
  let reached = "";
  const reach = () => {
    if (location.hash === reached) return;
    const target = location.hash.startsWith("#problem-") && document.getElementById(location.hash.slice(1));
    if (location.hash && !target) return;
    reached = location.hash;
    document.querySelectorAll("tr.reached").forEach((row) => row.classList.remove("reached"));
    if (!target) return;
    target.closest("tr").classList.add("reached");
    target.scrollIntoView({ block: "center" });
  };
  setInterval(reach, 1000);

  // --- the grids -------------------------------------------------------------------------------------------------

  const shown = {}; // by grid: its API, the filter, and how many rows it has

  const grid = (id) => window.dash_ag_grid.getApiAsync(id);

  // The filters of columns in the URL: "lag:greaterThan:1000;group:contains:pay|equals:x", where "|" is or and "&" is and.
  const valueless = ["blank", "notBlank"];
  const asked = {
    agNumberColumnFilter: ["equals", "notEqual", "greaterThan", "greaterThanOrEqual", "lessThan", "lessThanOrEqual", "inRange"],
    agTextColumnFilter: ["contains", "notContains", "equals", "notEqual", "startsWith", "endsWith"],
  };

  const writeFilters = (model) =>
    Object.entries(model || {}).map(([name, { operator, conditions, ...one }]) => {
      const write = ({ type, filter, filterTo }) =>
        [type, filter, filterTo].filter((each) => each != null).map((each) => encodeURIComponent(each)).join(":");
      return encodeURIComponent(name) + ":" + (conditions || [one]).map(write).join(operator === "OR" ? "|" : "&");
    }).join(";");

  // A condition as the grid has it; null for what is none, or none of such a column.
  const readCondition = (filter, text) => {
    const [type, ...given] = text.split(":").map(decodeURIComponent);
    const number = filter === "agNumberColumnFilter";
    const known = valueless.includes(type) || (asked[filter] || []).includes(type);
    const values = number ? given.map((each) => (each.trim() ? Number(each) : NaN)) : given;
    const many = valueless.includes(type) ? 0 : type === "inRange" ? 2 : 1;
    if (!known || values.length !== many || (number && !values.every(Number.isFinite))) return null;
    const [first, second] = values;
    return {
      filterType: number ? "number" : "text", type,
      ...(many > 0 && { filter: first }), ...(many > 1 && { filterTo: second }),
    };
  };

  const readFilter = (columns, text) => {
    const cut = text.indexOf(":");
    const name = decodeURIComponent(text.slice(0, Math.max(cut, 0)));
    const column = columns.find((each) => each.getColId() === name);
    if (!column) return null;
    const { filter } = column.getColDef(), terms = text.slice(cut + 1), operator = terms.includes("|") ? "OR" : "AND";
    const conditions = terms.split(operator === "OR" ? "|" : "&").map((each) => readCondition(filter, each));
    if (conditions.includes(null) || conditions.length > 2) return null;
    const [one] = conditions;
    return [name, conditions.length > 1 ? { filterType: one.filterType, operator, conditions } : one];
  };

  const readFilters = (columns, text) => {
    const found = text.split(";").map((each) => {
      try {
        return readFilter(columns, each);
      } catch {
        return null; // not even percent-encoded
      }
    });
    return Object.fromEntries(found.filter(Boolean));
  };

  const keepFilters = (id, model) => {
    shown[id].filters = writeFilters(model);
    keep("filters", shown[id].filters);
  };

  // Filters set while a grid starts may be lost without an event, so they are set until they have stayed for a while.
  const hold = (api, id, model, times) => {
    const wanted = writeFilters(model);
    if (api.isDestroyed() || times === 0 || shown[id].filters !== wanted) return;
    if (writeFilters(api.getFilterModel()) !== wanted) api.setFilterModel(model);
    setTimeout(() => hold(api, id, model, times - 1), 250);
  };

  // The order and the filters of columns that the URL asks for. What it asks of no column leaves the URL.
  const restore = (api, id) => {
    shown[id].path = location.pathname;
    const colId = (parameter("sort") || "").replace(/^-/, "");
    if (api.getColumns().some((column) => column.getColId() === colId)) {
      const state = [{ colId, sort: parameter("sort").startsWith("-") ? "desc" : "asc" }];
      api.applyColumnState({ state, defaultState: { sort: null } });
    }
    const asks = parameter("filters") || "";
    if (asks !== shown[id].filters) {
      const model = readFilters(api.getColumns(), asks);
      keepFilters(id, model);
      hold(api, id, model, 20);
    }
  };

  // Back, forward and links lead to other filters of the same page, whose grid stays.
  for (const event of ["popstate", "_dashprivate_pushstate"]) {
    addEventListener(event, () => {
      for (const [id, { api, path }] of Object.entries(shown)) {
        if (path === location.pathname && !api.isDestroyed()) restore(api, id);
      }
    });
  }

  const follow = (api, id) => {
    if (innerWidth < 640) api.setColumnWidths([{ key: api.getAllDisplayedColumns()[0], newWidth: 140 }]);
    api.addEventListener("sortChanged", () => {
      const sorted = api.getColumnState().find((column) => column.sort);
      keep("sort", sorted ? (sorted.sort === "desc" ? "-" : "") + sorted.colId : "");
    });
    api.addEventListener("filterChanged", ({ source }) => {
      if (source === "columnFilter") keepFilters(id, api.getFilterModel());
      say(api, id);
    });
    const base = document.getElementById(id).closest(".grid-frame").dataset.base;
    if (base) {
      api.addEventListener("rowClicked", ({ data, event }) => {
        if (event && (event.defaultPrevented || String(getSelection()))) return;
        kmon.go(kmon.nameHref(base, data.id));
      });
      api.addEventListener("cellKeyDown", ({ data, event }) => {
        if (event.key === "Enter") kmon.go(kmon.nameHref(base, data.id));
      });
    }
  };

  const say = (api, id) => {
    const all = shown[id].rows, some = api.getDisplayedRowCount();
    const text = all === some ? whole.format(all) : whole.format(some) + " of " + whole.format(all);
    const place = document.getElementById(id + "-count");
    if (place) place.textContent = text;
    // A group of a few partitions needs no tall frame.
    const frame = document.querySelector(".card-grid .grid-frame");
    if (frame) frame.style.height = Math.min(460, 60 + 36 * Math.max(2, all)) + "px";
  };

  // On paper nothing scrolls: a grid lays all of its rows out, up to as many as anyone prints.
  const MOST_PRINTED = 1000;
  const layOut = (layout) => () => {
    for (const { api, rows } of Object.values(shown)) {
      if (!api.isDestroyed() && rows <= MOST_PRINTED) api.setGridOption("domLayout", layout);
    }
  };
  addEventListener("beforeprint", layOut("print"));
  addEventListener("afterprint", layOut("normal"));

  const rowsOf = ({ fields, rows }) =>
    JSON.parse(rows).map((cells) => Object.fromEntries(fields.map((field, index) => [field, cells[index]])));

  kmon.whys = {}; // why numbers are unknown, by the key in a row's cell `whys`: a feed brings those of all its rows

  const apply = (api, feed, id) => {
    const frame = document.getElementById(id).closest(".grid-frame");
    if (feed.failed) {
      frame.dataset.failed = feed.failed;
      api.setGridOption("rowData", []);
      return;
    }
    delete frame.dataset.failed;
    const rows = rowsOf(feed);
    kmon.whys = feed.whys || {};
    kmon.shownTime = feed.time;
    if (feed.hidden) {
      const hidden = new Set(feed.hidden), columns = api.getColumns().map((column) => column.getColId());
      api.setColumnsVisible(columns.filter((each) => !hidden.has(each)), true);
      api.setColumnsVisible(feed.hidden, false);
    }
    if (feed.whole) {
      api.setGridOption("rowData", rows);
      api.refreshCells({ force: true }); // the same name may now lead to another cluster
      return;
    }
    const update = [], add = [];
    rows.forEach((row) => (api.getRowNode(row.id) ? update : add).push(row));
    api.applyTransaction({ update, add, remove: feed.gone.map((id) => ({ id })) });
    // Spans that go on although their times stay.
    const spans = ["since", "time"].filter((each) => api.getColumn(each));
    if (spans.length) api.refreshCells({ columns: spans, force: true });
  };

  // A cell that a spreadsheet would take for a formula is made a text; what is unknown says so.
  const csvCell = ({ value, node, column }) => {
    if (value == null || value === "") {
      const known = node ? node.data[column.getColId() + "_at_least"] : null;
      return column.getColDef().type === "rightAligned" ? (known == null ? "unknown" : "unknown (at least " + known + ")") : "";
    }
    if (column.getColDef().context?.unit === "UTC") return new Date(value * 1000).toISOString();
    const text = String(value);
    return /^[=+\-@\t\r＝＋－＠]/.test(text) ? "'" + text : text;
  };

  const csvHeader = ({ column }) => {
    const { headerName, context } = column.getColDef();
    return headerName + (context?.unit ? " (" + context.unit + ")" : "");
  };

  Object.assign((client.kmon = client.kmon || {}), {
    feed: (feed, filter, id) => {
      if (!feed) return client.no_update;
      const news = client.callback_context.triggered.some(({ prop_id }) => prop_id.endsWith("-feed.data"));
      grid(id).then((api) => {
        const first = !shown[id] || shown[id].api !== api;
        if (first) {
          shown[id] = { api, rows: 0, filters: "" };
          follow(api, id);
        }
        if (first || news) apply(api, feed, id);
        if (shown[id].path !== location.pathname) restore(api, id); // a new grid, or the same of another name
        api.setGridOption("quickFilterText", filter || "");
        let rows = 0;
        api.forEachNode(() => { rows += 1; });
        shown[id].rows = rows;
        say(api, id);
      });
      return client.no_update;
    },

    csv: (_clicks, id) => {
      grid(id).then((api) => {
        const text = api.getDataAsCsv({ processCellCallback: csvCell, processHeaderCallback: csvHeader });
        const link = document.createElement("a");
        link.href = URL.createObjectURL(new Blob(["\ufeff" + text], { type: "text/csv;charset=utf-8" }));
        const filter = parameter("q") ? "-filtered" : "";
        const cluster = String(kmon.stamp?.cluster || "kmon").replace(/[^\w.-]+/g, "_");
        link.download = cluster + "-" + id + filter + "-" + new Date().toISOString().slice(0, 19).replace(/:/g, "") + "Z.csv";
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 10000);
      });
      return client.no_update;
    },

    // A new figure keeps the zoom and the hidden lines of the one it replaces, as long as both show the same thing.
    draw: (figure, drawn) => {
      if (!figure) return client.no_update;
      const before = (drawn && drawn.layout) || {};
      if (before.uirevision !== figure.layout.uirevision) return figure;
      const layout = { ...figure.layout };
      for (const axis of ["xaxis", "yaxis"]) {
        const { autorange, range } = before[axis] || {};
        if (autorange === false && range) layout[axis] = { ...layout[axis], autorange, range };
      }
      const visible = new Map(drawn.data.map((line) => [line.name, line.visible]));
      const data = figure.data.map((line) => (visible.get(line.name) ? { ...line, visible: visible.get(line.name) } : line));
      return { data, layout };
    },

    // A control takes its value from the URL when its page appears, and writes it there when a person changes it.
    // The parameter is the last word of the control's id: "groups-q" keeps "q".
    fromUrl: (_search, id) => {
      const name = id.split("-").pop();
      const given = parameter(name);
      const choices = Array.from(document.querySelectorAll(`[id="${id}"] input[type=radio]`), (each) => each.value);
      if (given == null || !choices.length || choices.includes(given)) return given ?? defaults[name];
      keep(name, "");
      return defaults[name];
    },
    toUrl: (value, id) => {
      const name = id.split("-").pop();
      keep(name, value === defaults[name] ? "" : value);
      return client.no_update;
    },
  });
})();
