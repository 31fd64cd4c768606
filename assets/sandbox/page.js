// The page: a catalogue, a form for the chosen integration, and what the customer has connected.

import { Form, element } from "./form.js";
import { NoToken, Parent } from "./parent.js";
import { Refused, service } from "./service.js";

const query = new URLSearchParams(location.search);
const api = document.querySelector("meta[name=embedctl-api]").content;
const parent = new Parent(query.get("allowedOrigin"));
const customer = service(api, parent, query.get("workspaceId"));

const title = document.getElementById("title");
const status = document.getElementById("status");
const view = document.getElementById("view");

/** What customers may know an integration by besides its name. */
const ALIASES = new Map([["Sample Data", "once called Faker"]]);

/** A catalogue this small needs no search. */
const FEW = 6;

// --- what is common to all views

/** Shows a view under a heading and goes to where the customer begins. */
function show(heading, parts, begin = title) {
  title.textContent = heading;
  view.replaceChildren(...parts.filter((part) => part != null));
  say("");
  window.scrollTo(0, 0);
  begin.focus({ preventScroll: true });
}

function say(text, bad = false) {
  status.textContent = text;
  status.classList.toggle("bad", bad);
}

/** Notes in the address where the customer is, so that a reload comes back here. */
function note(place) {
  const now = new URLSearchParams(query);
  for (const name of ["selectedTemplateId", "selectedPartialConfigId", "editConfig"]) now.delete(name);
  for (const [name, value] of Object.entries(place)) now.set(name, value);
  history.replaceState(null, "", `?${now}`);
}

function button(text, act, kind = "") {
  return element("button", { type: "button", class: kind, onclick: act }, text);
}

/** The mark of an integration: its letter, in a colour of its own. */
function mark(name) {
  const hue = [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 8;
  return element("span", { class: `mark hue-${hue}`, "aria-hidden": "true" }, name.slice(0, 1).toUpperCase());
}

/** Does something that may fail; whoever waits sees that it is being done, and why it was not. */
async function attempt(doing, act, again) {
  say(doing);
  view.setAttribute("aria-busy", "true");
  try {
    await act();
  } catch (error) {
    const why = plain(error);
    if (again) fail(error, why, again);
    else say(why, true);
  } finally {
    view.removeAttribute("aria-busy");
  }
}

/** Why something failed, for the customer; what nobody foresaw is for the console, too. */
function plain(error) {
  if (error instanceof Refused || error instanceof NoToken) return error.message;
  console.error(error);
  return "The service’s answer could not be understood. Try again in a moment.";
}

/** Nothing can be shown; all there is is why, and another try. */
function fail(error, why, again) {
  note({});
  const heading = error instanceof NoToken ? "This page has no token" : "The integrations could not be read";
  show(heading, [element("p", { class: "notice", role: "alert" }, why), button("Try again", again, "main")]);
}

// --- the catalogue

async function home() {
  await attempt("Loading …", async () => {
    const [templates, sources] = await Promise.all([customer.templates(), customer.sources()]);
    note({});
    if (templates.length === 1 && sources.length === 0) await choose(templates[0], false);
    else catalogue(templates, sources);
  }, home);
}

function catalogue(templates, sources) {
  const tiles = element("ul", { class: "tiles" }, ...templates.map(tile));
  const none = element("p", { class: "hint", hidden: true }, "No integration of that name.");
  const search = templates.length > FEW
    ? element("input", {
      type: "search",
      id: "search",
      placeholder: "Search",
      "aria-label": "Search integrations",
      autocomplete: "off",
      spellcheck: "false",
      oninput: () => { none.hidden = narrow(tiles, search.value) > 0; },
    })
    : null;
  const connected = sources.length === 0 ? null : element("section", { "aria-labelledby": "connected" },
    element("h2", { id: "connected" }, "Connected"),
    element("ul", { class: "connected" }, ...sources.map(row)));
  const heading = connected && element("h2", {}, "Connect another");
  const empty = templates.length === 0
    ? element("p", { class: "notice" }, "There is nothing to connect: no integration is offered here.")
    : null;
  const begin = sources.length === 0 && search ? search : title;
  show(sources.length === 0 ? "Connect an integration" : "Your integrations",
    [connected, heading, search, tiles, none, empty], begin);
}

function tile(template) {
  const alias = ALIASES.get(template.name);
  return element("li", {},
    element("button", { type: "button", class: "tile", onclick: () => choose(template) },
      mark(template.name),
      element("span", {},
        element("span", { class: "name" }, template.name),
        alias ? element("span", { class: "hint" }, alias) : null)));
}

function row(source) {
  return element("li", {},
    mark(source.name),
    element("span", { class: "name" }, source.name),
    element("button", {
      type: "button",
      "aria-label": `Edit ${source.name}`,
      onclick: () => edit(source.id),
    }, "Edit"));
}

/** Hides the tiles that do not have these words; how many are left. */
function narrow(tiles, words) {
  const wanted = words.trim().toLowerCase();
  for (const item of tiles.children) item.hidden = !item.textContent.toLowerCase().includes(wanted);
  return [...tiles.children].filter((item) => !item.hidden).length;
}

// --- one integration

async function choose({ id }, back = true) {
  await attempt("Loading …", async () => {
    const template = await customer.template(id);
    note({ selectedTemplateId: id });
    fill(template, {}, back, async (configuration) => {
      const made = await customer.create(template, configuration);
      parent.tell(customer.events.created, { data: made });
      done(`${template.name} is connected`, template.connector === "faker"
        ? "The data comes with its first sync, in a few minutes."
        : "It is saved. Here in the sandbox only Sample Data brings rows, so its sync will fail.");
    }, customer.events.create_failed);
  }, home);
}

async function edit(id) {
  await attempt("Loading …", async () => {
    const { template, configuration } = await customer.source(id);
    note({ selectedPartialConfigId: id, editConfig: "true" });
    fill(template, configuration, true, async (changed) => {
      const made = await customer.update(id, changed);
      parent.tell(customer.events.updated, { data: made });
      done(`${template.name} is saved`, "The next sync uses what you changed.");
    }, customer.events.update_failed, id);
  }, home);
}

/** The form of a template, new or for a source that is there. */
function fill(template, configuration, back, save, failed, source) {
  const form = new Form(template.schema, configuration);
  const act = element("button", { type: "submit", class: "main" }, source ? "Save" : "Connect");
  const submit = async (event) => {
    event.preventDefault();
    if (act.disabled || form.check()) {
      if (!act.disabled) say("Some fields need another look.", true);
      return;
    }
    act.disabled = true;
    await attempt("Saving …", async () => {
      try {
        await save(form.read());
      } catch (error) {
        parent.tell(failed, { error: new Error(error.message) });
        if (error instanceof Refused) form.show(error.fields);
        throw error;
      }
    });
    act.disabled = false;
  };
  const alias = ALIASES.get(template.name);
  const lead = source ? "The next sync uses what you change."
    : form.needs ? "A few details, and data begins to flow."
    : "Nothing needs to be filled in: connect it, and data begins to flow.";
  show(template.name, [element("form", { novalidate: true, onsubmit: submit },
    element("p", { class: "lead" }, mark(template.name),
      element("span", {}, lead, alias ? element("span", { class: "hint" }, alias) : null)),
    form.element,
    element("div", { class: "acts" }, act,
      back ? button("Back", home) : null,
      source ? button("Delete …", () => confirm(template, source), "danger") : null))]);
}

/** Asks before a source is deleted: what it has brought stays, what it would bring does not come. */
function confirm(template, source) {
  const stay = button("Keep it", () => edit(source));
  show(`Delete ${template.name}?`, [
    element("p", {}, "It will not be synced any more. Data that has arrived stays where it is."),
    element("div", { class: "acts" },
      button("Delete", () => attempt("Deleting …", async () => {
        await customer.remove(source);
        await home();
        say(`${template.name} is deleted.`);
      }), "danger main"),
      stay)], stay);
}

function done(heading, text) {
  note({});
  const close = button("Done", () => parent.close(), "main");
  show(heading, [
    element("p", { class: "done" }, element("span", { class: "tick", "aria-hidden": "true" }, "✓"), text),
    element("div", { class: "acts" }, close, button("All integrations", home))], close);
}

// --- the page itself

document.getElementById("close").addEventListener("click", () => parent.close());

// The keys that are pressed in a frame do not reach the dialog around it.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented) return;
  if (event.target.type === "search" && event.target.value !== "") return;
  parent.close();
});

const [template, source] = [query.get("selectedTemplateId"), query.get("selectedPartialConfigId")];
if (source) edit(source);
else if (template) choose({ id: template });
else home();
