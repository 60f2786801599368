// The forms that acknowledge and silence alerts. They ask kmon's own API, as `kmon ack` and `kmon silence` do.
// The token is typed once and stays in the session storage of this tab: no URL, cookie or page of the server has it.
(() => {
  const TOKEN = "kmon-token", NAME = "kmon-name";
  const HOURS = [["15 min", 0.25], ["30 min", 0.5], ["1 h", 1], ["2 h", 2], ["4 h", 4], ["8 h", 8], ["1 d", 24], ["3 d", 72], ["1 week", 168]];

  const make = (tag, attributes, ...children) => {
    const made = Object.assign(document.createElement(tag), attributes);
    made.append(...children);
    return made;
  };

  const field = (name, label, control, hint) =>
    make("label", { className: "field" }, label, Object.assign(control, { name }),
      ...(hint ? [make("span", { className: "muted small" }, hint)] : []));

  const comment = (required) => field("comment", required ? "Comment" : "Comment (optional)",
    make("input", { required, maxLength: 1000, placeholder: "what is known or done", autocomplete: "off" }));

  const duration = () => {
    const options = HOURS.map(([text, hours]) => make("option", { value: hours * 3600, selected: hours === 2 }, text));
    return field("duration", "Duration", make("select", {}, ...options));
  };

  const matchers = (given) => field("matchers", "Matchers, one a line",
    make("textarea", { rows: Math.max(3, given.length), required: true, spellcheck: false, value: given.join("\n") }),
    'label="value", or !=, =~ and !~ in place of =. All must match. Remove a line to silence more alerts.');

  // What each button does: the form's title and fields, and the request that it makes of what was typed.
  const acts = {
    acknowledge: ({ about }) => ({
      title: "Acknowledge " + about, button: "Acknowledge", done: "Acknowledged " + about, named: true,
      note: "While it fires, its notifications are not repeated.",
      fields: [comment(false)],
    }),
    withdraw: ({ about }) => ({
      title: "Withdraw the acknowledgement of " + about, button: "Withdraw", done: "Withdrawn: " + about,
      note: "While it fires, its notifications are repeated again.",
    }),
    silence: ({ about, matchers: given }) => ({
      title: about ? "Silence " + about : "New silence", button: "Silence", done: "Silenced", named: true,
      note: "kmon does not send alerts that match meanwhile. Alertmanager gets them: it has silences of its own.",
      fields: [matchers(JSON.parse(given)), duration(), comment(true)],
    }),
    expire: ({ about }) => ({
      title: "Expire the silence", button: "Expire", done: "Expired", note: about + ". Alerts that still fire are sent.",
    }),
  };

  const request = (act, id, typed) => {
    const who = { created_by: typed.name, comment: typed.comment };
    if (act === "acknowledge") return ["POST", "acknowledgements", { fingerprint: id, ...who }];
    if (act === "withdraw") return ["DELETE", "acknowledgements/" + encodeURIComponent(id)];
    if (act === "expire") return ["DELETE", "silences/" + encodeURIComponent(id)];
    const lines = typed.matchers.split("\n").filter((line) => line.trim());
    return ["POST", "silences", { matchers: lines, duration_seconds: Number(typed.duration), ...who }];
  };

  // What the API answers; an Error says in words what is wrong, and is `unknown` where the token is.
  const send = async (token, method, path, body) => {
    const headers = { Authorization: "Bearer " + token, ...(body && { "Content-Type": "application/json" }) };
    const options = { method, headers, body: body && JSON.stringify(body), redirect: "error" };
    const response = await fetch("/api/v1/" + path, options).catch(() => {
      throw new Error("kmon did not respond: check the list before you try again");
    });
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return answer;
    const unknown = response.status === 401;
    const detail = unknown ? "kmon does not accept this token" : answer.detail || "HTTP " + response.status;
    throw Object.assign(new Error(detail), { unknown });
  };

  const say = (text) => {
    const place = document.getElementById("silencing-said");
    if (place) place.textContent = text;
  };

  // Have the lists asked for now, and not at the next poll.
  const renew = () => window.dash_clientside.set_props("tick", { n_intervals: Date.now() });

  const tokenField = () => field("token", "Token", make("input", { type: "password", required: true, autocomplete: "off" }),
    (isSecureContext ? "" : "This page is not encrypted: others on the network can read the token. ")
    + "That of api.token_file in kmon's settings. This tab keeps it until it is closed.");

  const open = (act, data) => {
    const { title, button, done, note, named, fields = [] } = acts[act](data);
    const wrong = make("p", { className: "notice", role: "alert" });
    const name = make("input", { required: true, maxLength: 1000, value: localStorage.getItem(NAME) || "", autocomplete: "name" });
    const go = make("button", { className: "act strong" }, button);
    const cancel = make("button", { type: "button", className: "act" }, "Cancel");
    const who = named ? [field("name", "Your name", name)] : [];
    const asked = sessionStorage.getItem(TOKEN) ? [] : [tokenField()];
    const form = make("form", {}, make("h2", {}, title), make("p", { className: "muted" }, note), ...fields, ...who, ...asked,
      wrong, make("div", { className: "buttons" }, cancel, go));
    const dialog = make("dialog", { className: "form", ariaLabel: title }, form);

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const typed = Object.fromEntries(new FormData(form)), token = typed.token?.trim() || sessionStorage.getItem(TOKEN);
      wrong.textContent = "";
      go.disabled = true;
      try {
        const { kept } = await send(token, ...request(act, data.id, typed));
        sessionStorage.setItem(TOKEN, token);
        if (named) localStorage.setItem(NAME, typed.name);
        dialog.close();
        say(done + (kept ? "" : ". It is not in the state file: a restart of kmon loses it (its log has the reason)"));
        renew();
      } catch (error) {
        wrong.textContent = error.message;
        if (error.unknown) {
          sessionStorage.removeItem(TOKEN);
          if (!form.elements.token) wrong.before(tokenField());
        }
      } finally {
        go.disabled = false;
      }
    });
    cancel.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => dialog.remove());
    document.body.append(dialog);
    dialog.showModal();
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("button[data-act]");
    if (button) open(button.dataset.act, { about: "", ...button.dataset });
  });
})();
