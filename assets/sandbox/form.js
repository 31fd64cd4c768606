// A form made from a connector's schema: its fields, what is in them, and what is wrong with each.

let count = 0;

/** An element with attributes and children. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child != null));
  return made;
}

/** A form for a schema, filled from a configuration. */
export class Form {
  #root;
  /** The fields in one element, to be shown. */
  element;
  /** Whether anything must be filled in. */
  needs;

  constructor(schema, configuration = {}) {
    this.#root = new Group(schema, configuration, "");
    this.element = this.#root.element;
    this.needs = this.#root.fields.some((field) => field.required);
  }

  /** What is in it: only what was said. */
  read() {
    return this.#root.read() ?? {};
  }

  /** Marks what is wrong with what is in it; whether anything is. */
  check() {
    return this.show(this.#root.wrong());
  }

  /** Shows what is wrong, by the place of the field, and goes to the first; whether anything is. */
  show(wrong) {
    const fields = this.#root.all();
    for (const field of fields) field.object(wrong.get(field.place) ?? null);
    const first = fields.find((field) => wrong.has(field.place));
    first?.reach();
    return wrong.size > 0;
  }
}

const below = (place, name) => (place ? `${place}.${name}` : name);

/** The fields of one object: what must be filled in, and behind a fold what may be. */
class Group {
  constructor(schema, values, place) {
    const required = new Set(schema.required ?? []);
    const named = Object.entries(schema.properties ?? {});
    named.sort(([, one], [, other]) => (one.order ?? 0) - (other.order ?? 0));
    this.constants = named.filter(([, field]) => "const" in field);
    this.fields = named
      .filter(([, field]) => !("const" in field))
      .map(([name, field]) => make(field, values?.[name], {
        name,
        place: below(place, name),
        required: required.has(name),
      }));
    const of = (kind) => this.fields.filter((field) => field.required === kind);
    this.element = element("div", { class: "fields" }, ...of(true).map((field) => field.element));
    const optional = of(false);
    if (optional.length > 0) {
      // What is filled in already is not hidden.
      const open = optional.some((field) => values && field.name in values);
      this.element.append(element("details", { open },
        element("summary", {}, `Optional settings (${optional.length})`),
        ...optional.map((field) => field.element)));
    }
  }

  read() {
    const said = this.fields
      .map((field) => [field.name, field.read()])
      .filter(([, value]) => value !== undefined);
    const constants = this.constants.map(([name, field]) => [name, field.const]);
    return Object.fromEntries([...constants, ...said]);
  }

  wrong() {
    return new Map(this.fields.flatMap((field) => [...field.wrong()]));
  }

  all() {
    return this.fields.flatMap((field) => field.all());
  }
}

/** One field: its label, what it is for, and the line under it for what is wrong. */
class Field {
  constructor(schema, { name, place, required }, control) {
    this.schema = schema;
    this.name = name;
    this.place = place;
    this.required = required;
    this.control = control;
    const id = `field-${++count}`;
    control.id = id;
    control.name = place;
    this.error = element("p", { class: "error", id: `${id}-error`, hidden: true });
    this.hint = schema.description
      && element("p", { class: "hint", id: `${id}-hint` }, schema.description);
    control.setAttribute("aria-describedby", [this.hint?.id, this.error.id].filter(Boolean).join(" "));
    if (required) control.setAttribute("aria-required", "true");
    control.addEventListener("input", () => this.object(null));
    this.label = element("label", { for: id }, schema.title ?? name);
    this.element = this.lay();
  }

  lay() {
    return element("div", { class: "field" }, this.label, this.hint, this.control, this.error);
  }

  all() {
    return [this];
  }

  /** Shows what is wrong with it; null when nothing is. */
  object(why) {
    this.error.hidden = why === null;
    this.error.textContent = why ?? "";
    this.element.classList.toggle("wrong", why !== null);
    if (why === null) this.control.removeAttribute("aria-invalid");
    else this.control.setAttribute("aria-invalid", "true");
  }

  /** Goes to it, through any fold around it. */
  reach() {
    for (let fold = this.element.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
    this.control.focus();
  }

  wrong() {
    const why = this.objection();
    return why ? new Map([[this.place, why]]) : new Map();
  }

  objection() {
    const text = this.control.value.trim();
    if (text === "") return this.required ? "This is needed." : null;
    return this.judge(text);
  }

  judge(text) {
    const { pattern } = this.schema;
    if (!pattern || new RegExp(pattern).test(text)) return null;
    const example = { date: "2025-01-31", "date-time": "2025-01-31T00:00:00Z" }[this.schema.format];
    return example ? `Write it like ${example}.` : "This is not in the form that is needed.";
  }

  read() {
    const text = this.control.value.trim();
    return text === "" ? undefined : this.value(text);
  }

  value(text) {
    return text;
  }
}

class Line extends Field {
  constructor(schema, at, value) {
    const secret = schema.airbyte_secret === true;
    const control = element(schema.multiline ? "textarea" : "input", {
      type: schema.multiline ? null : secret ? "password" : "text",
      rows: schema.multiline ? 4 : null,
      autocomplete: secret ? "new-password" : "off",
      autocapitalize: "off",
      spellcheck: "false",
      placeholder: schema.examples?.[0] ?? (at.required ? null : schema.default),
    });
    control.value = value ?? (at.required ? schema.default : "") ?? "";
    super(schema, at, control);
  }
}

class Whole extends Field {
  constructor(schema, at, value) {
    const control = element("input", {
      type: "text",
      inputmode: (schema.minimum ?? -1) >= 0 ? "numeric" : "text",
      autocomplete: "off",
      placeholder: at.required ? null : schema.default,
    });
    control.value = value ?? (at.required ? schema.default : "") ?? "";
    super(schema, at, control);
  }

  judge(text) {
    if (!/^-?\d+$/.test(text)) return "A whole number is needed.";
    const { minimum, maximum } = this.schema;
    if (minimum !== undefined && Number(text) < minimum) return `The least is ${minimum}.`;
    if (maximum !== undefined && Number(text) > maximum) return `The most is ${maximum}.`;
    return null;
  }

  value(text) {
    return Number(text);
  }
}

class Switch extends Field {
  constructor(schema, at, value) {
    const control = element("input", { type: "checkbox" });
    control.checked = value ?? schema.default ?? false;
    super(schema, at, control);
    this.given = value !== undefined;
  }

  lay() {
    return element("div", { class: "field switch" }, this.control, this.label, this.hint, this.error);
  }

  objection() {
    return null;
  }

  /** The default need not be said. */
  read() {
    const same = this.control.checked === (this.schema.default ?? false);
    return same && !this.required && !this.given ? undefined : this.control.checked;
  }
}

class Choice extends Field {
  constructor(schema, at, value) {
    const none = at.required ? [] : [element("option", { value: "" }, "Not set")];
    const words = schema.enum.map((word) => element("option", { value: word }, String(word)));
    const control = element("select", {}, ...none, ...words);
    control.value = value ?? (at.required ? schema.default ?? schema.enum[0] : "");
    super(schema, at, control);
  }
}

class Lines extends Field {
  constructor(schema, at, value) {
    const control = element("textarea", {
      rows: 2,
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      placeholder: schema.examples?.[0] ?? schema.default?.join("\n"),
    });
    control.value = (value ?? []).join("\n");
    super({ ...schema, description: [schema.description, "One a line."].filter(Boolean).join(" ") }, at, control);
  }

  value(text) {
    return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  }
}

/** One of several ways, each with fields of its own. What was typed in one stays when another is chosen. */
class Ways extends Field {
  constructor(schema, at, value) {
    const none = at.required ? [] : [element("option", { value: "" }, "Not set")];
    const options = schema.oneOf.map((way, index) => element("option", { value: index }, way.title));
    const control = element("select", {}, ...none, ...options);
    const meant = value === undefined ? -1 : schema.oneOf.findIndex((way) => is(way, value));
    super(schema, at, control);
    this.groups = schema.oneOf.map((way, index) => (
      new Group(way, index === meant ? value : undefined, at.place)));
    control.value = meant >= 0 ? meant : at.required ? 0 : "";
    control.addEventListener("change", () => this.turn());
    this.element.append(...this.groups.map((group) => group.element));
    // With one way only, there is nothing to choose.
    const only = at.required && schema.oneOf.length === 1;
    for (const part of only ? [this.label, this.hint, control] : []) if (part) part.hidden = true;
    this.turn();
  }

  get group() {
    return this.control.value === "" ? null : this.groups[Number(this.control.value)];
  }

  turn() {
    for (const group of this.groups) group.element.hidden = group !== this.group;
  }

  all() {
    return [this, ...(this.group?.all() ?? [])];
  }

  wrong() {
    return this.group?.wrong() ?? new Map();
  }

  read() {
    return this.group?.read();
  }
}

function is(way, value) {
  const constants = Object.entries(way.properties ?? {}).filter(([, field]) => "const" in field);
  return constants.every(([name, field]) => value[name] === field.const);
}

/** An object within the object. */
class Nested extends Field {
  constructor(schema, at, value) {
    super(schema, at, element("fieldset"));
    this.group = new Group(schema, value, at.place);
    this.control.append(element("legend", {}, schema.title ?? at.name), this.group.element);
    this.label.hidden = true;
  }

  all() {
    return [this, ...this.group.all()];
  }

  wrong() {
    return !this.required && Object.keys(this.group.read()).length === 0 ? new Map() : this.group.wrong();
  }

  read() {
    const read = this.group.read();
    return !this.required && Object.keys(read).length === 0 ? undefined : read;
  }
}

function make(schema, value, at) {
  const kind = schema.enum ? Choice
    : schema.oneOf ? Ways
    : schema.type === "object" ? Nested
    : schema.type === "array" ? Lines
    : schema.type === "boolean" ? Switch
    : schema.type === "integer" ? Whole
    : Line;
  return new kind(schema, at, value);
}
