// The age of what the page shows, and what stands over the page while it is not of now.
(() => {
  const kmon = (window.kmon = window.kmon || {});
  const client = (window.dash_clientside = window.dash_clientside || {});
  const clusterOf = (search) => new URLSearchParams(search || "").get("cluster");

  let stamp = null, pageTitle = "";

  // The same as duration in monitor/model/text.py.
  const span = (kmon.duration = (seconds) => {
    const steps = [[86400, "d"], [3600, "h"], [60, "min"]];
    const [unit, name] = steps.find(([size]) => seconds >= size) || [1, "s"];
    const tenths = Math.floor(Math.max(0, seconds) / unit * 10 + 1e-6);
    return (name === "s" && tenths >= 10 ? tenths - tenths % 10 : tenths) / 10 + " " + name;
  });

  // The newest data has the age of the stamp. The page may be made of older, and what is older counts.
  const ageNow = () => {
    if (stamp.age == null) return null;
    const parts = Array.from(document.querySelectorAll("#content [data-made]"), (each) => JSON.parse(each.dataset.made)[2]);
    const behind = Math.max(0, ...parts.filter((time) => time != null).map((time) => stamp.shown - time));
    return stamp.age + behind + (Date.now() - stamp.arrived) / 1000;
  };

  // When kmon last answered, and since when it does not. A request that hangs is no answer either.
  let answered = Date.now(), lost = null;
  const pending = new Set(); // when each request that has no answer yet was sent
  const fetched = window.fetch;
  window.fetch = async (...given) => {
    const url = String((given[0] && given[0].url) || given[0]);
    if (!url.includes("/_dash-update-component")) return fetched(...given);
    const sent = { time: Date.now() };
    pending.add(sent);
    try {
      const response = await fetched(...given);
      if (response.status >= 502) lost ??= answered;
      else {
        answered = Date.now();
        lost = null;
      }
      return response;
    } catch (error) {
      if (error.name !== "AbortError") lost ??= answered;
      throw error;
    } finally {
      pending.delete(sent);
      warn();
    }
  };

  const clockTime = (time) => new Date(time).toISOString().slice(11, 19) + " UTC";

  // What stands over the page, and in the title, while what it shows is not of now.
  const warn = () => {
    const banner = document.getElementById("last-known");
    if (!banner) return;
    const [reason, age] = banner.children;
    const patience = 1000 * (10 + 2 * Math.min(60, stamp?.interval ?? 10));
    if (Array.from(pending).some(({ time }) => Date.now() - time > patience)) lost ??= answered;
    const seconds = stamp ? ageNow() : null, old = seconds == null ? "" : " It is " + span(seconds) + " old.";
    let said = "", title = "";
    if (lost) {
      said = "kmon has not responded since " + clockTime(lost) + ". Everything below is last known.";
      title = "kmon unreachable · ";
    } else if (stamp && !stamp.up) {
      said = seconds == null ? "" : "Kafka is unreachable. The dimmed data is last known.";
      title = "Kafka unreachable · ";
    }
    if (reason.textContent !== said) reason.textContent = said; // read out once
    age.textContent = said && old;
    document.documentElement.dataset.shows = lost ? "nothing-new" : said ? "last-known" : "now";
    document.title = title + (pageTitle ? pageTitle + " · kmon" : "kmon");
  };

  // What was asked before the poll that the page shows says its own age.
  const tick = () => {
    warn();
    const age = document.getElementById("age");
    if (!age || !stamp) return;
    const seconds = ageNow();
    const intervals = seconds == null ? 0 : seconds / stamp.interval;
    age.textContent = seconds == null ? "no data yet" : span(seconds) + " old";
    age.dataset.level = intervals > age.dataset.old ? "critical" : intervals > age.dataset.late ? "degraded" : "ok";
    for (const each of document.querySelectorAll("[data-before]")) {
      if (seconds != null) each.textContent = span(seconds + Number(each.dataset.before)) + " " + each.dataset.word;
    }
  };
  setInterval(tick, 1000);

  Object.assign((client.kmon = client.kmon || {}), {
    age: (view) => {
      if (view) {
        stamp = kmon.stamp = { ...view, arrived: Date.now() };
        // An address that is passed on names its cluster.
        if (view.several && view.cluster && !clusterOf(location.search)) kmon.keep("cluster", view.cluster);
        tick();
      }
      return "Age of the data on this page";
    },

    astray: (_view, place, path, search) =>
      place && place.path === path && clusterOf(place.search) === clusterOf(search) ? client.no_update : Date.now(),

    arrived: (place) => {
      if (!place) return client.no_update;
      document.querySelectorAll("#nav a").forEach((link) => {
        if (link.id === "nav-" + place.nav) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
      });
      pageTitle = place.title;
      tick();
      return place.nav;
    },
  });
})();
