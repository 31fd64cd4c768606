// The API behind the page, in the dialect of the one that minted the token. Both come out alike:
//
//   templates()        [{id, name}]
//   template(id)       {id, name, connector, schema}
//   sources()          [{id, name}]
//   source(id)         {id, template, configuration}
//   create(template, configuration), update(id, configuration)    the source, as it was answered
//   remove(id)
//   events             the names of what the page around this one is told

/** The service said no. */
export class Refused extends Error {
  /**
   * @param {number} status
   * @param {string} message
   * @param {Map<string, string>} fields what is wrong, by the place of the field
   */
  constructor(status, message, fields = new Map()) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

/** Calls the service with the customer's token; an ended one is asked for anew, once. */
class Caller {
  #parent;

  constructor(parent) {
    this.#parent = parent;
  }

  async send(method, path, body) {
    const first = await this.#once(await this.#parent.token(), method, path, body);
    if (first.status !== 401) return read(first);
    return read(await this.#once(await this.#parent.ask(), method, path, body));
  }

  async #once(token, method, path, body) {
    const headers = { accept: "application/json", authorization: `Bearer ${token}` };
    if (body) headers["content-type"] = "application/json";
    try {
      return await fetch(path, { method, headers, body: body && JSON.stringify(body) });
    } catch {
      throw new Refused(0, "The service could not be reached. Try again in a moment.");
    }
  }
}

async function read(response) {
  const text = await response.text().catch(() => "");
  let body = null;
  try {
    body = text === "" ? null : JSON.parse(text);
  } catch {
    if (response.ok) throw new Refused(response.status, "The service’s answer could not be read.");
  }
  if (!response.ok) throw refusal(response.status, body);
  return body;
}

const PLAIN = {
  401: "Your session has ended. Close this dialog and open it again; until then, what you typed stays here.",
  403: "This is not allowed. Tell the people who run this application.",
  404: "This is not there any more.",
  429: "Too many requests. Try again in a moment.",
};

/** Says a refusal in plain words, with the service's own where they help the customer. */
function refusal(status, body) {
  const fields = placed(body);
  if (fields.size > 0) return new Refused(status, "Some fields need another look.", fields);
  if (PLAIN[status]) return new Refused(status, PLAIN[status]);
  if (status >= 500) {
    const id = body?.errorId ? ` The error’s number is ${body.errorId}.` : "";
    return new Refused(status, `The service failed. Try again in a moment.${id}`);
  }
  return new Refused(status, body?.data?.message ?? body?.message ?? `The service answered ${status}.`);
}

/** What is wrong with which field: in the newer API's list, or in the platform's one message. */
function placed(body) {
  const fields = new Map();
  for (const { field, message } of body?.errors ?? []) {
    if (field?.startsWith("replication_config.")) fields.set(field.slice(19), plain(message));
  }
  const message = String(body?.data?.message ?? "");
  for (const [, place, says] of message.matchAll(/\$\.([\w.[\]-]+): (.+?)(?=, \$\.|$)/g)) {
    fields.set(place, plain(says));
  }
  return fields;
}

/** The validator's words, turned for a person. */
function plain(says) {
  return says
    .replace("is missing but it is required", "This is needed.")
    .replace(/^must have a minimum value of (.+)$/, "The least is $1.")
    .replace(/^must have a maximum value of (.+)$/, "The most is $1.")
    .replace(/^does not match the regex pattern.*$/, "This is not in the form that is needed.");
}

/** The public API's time: the platform's inner calls, by POST, in camel case. */
class Platform {
  events = {
    created: "partial_user_config_created",
    updated: "partial_user_config_updated",
    create_failed: "partial_user_config_create_error",
    update_failed: "partial_user_config_update_error",
  };

  constructor(caller, workspaceId) {
    this.post = (path, body) => caller.send("POST", `/api/v1/${path}`, { workspaceId, ...body });
  }

  async templates() {
    return (await this.post("config_templates/list")).configTemplates;
  }

  async template(configTemplateId) {
    return described(await this.post("config_templates/get", { configTemplateId }));
  }

  async sources() {
    const { partialUserConfigs } = await this.post("partial_user_configs/list");
    return partialUserConfigs.map(({ id, configTemplateName }) => ({ id, name: configTemplateName }));
  }

  async source(partialUserConfigId) {
    const found = await this.post("partial_user_configs/get", { partialUserConfigId });
    const template = described(found.configTemplate);
    return { id: found.id, template, configuration: found.connectionConfiguration };
  }

  create({ id: configTemplateId }, connectionConfiguration) {
    return this.post("partial_user_configs/create", { configTemplateId, connectionConfiguration });
  }

  update(partialUserConfigId, connectionConfiguration) {
    return this.post("partial_user_configs/update", { partialUserConfigId, connectionConfiguration });
  }

  remove(partialUserConfigId) {
    return this.post("partial_user_configs/delete", { partialUserConfigId });
  }
}

function described({ id, name, configTemplateSpec }) {
  return { id, name, ...specified(configTemplateSpec) };
}

/** The newer API: resources, in snake case, under the workspace's name. */
class Agents {
  events = {
    created: "source_created",
    updated: "source_updated",
    create_failed: "source_create_error",
    update_failed: "source_update_error",
  };
  #workspace;

  constructor(caller) {
    this.send = (method, path, body) => caller.send(method, `/api/v1/${path}`, body);
  }

  async #name() {
    const info = "account/applications/scoped-token/info";
    this.#workspace ??= (await this.send("GET", info)).workspace_name;
    return this.#workspace;
  }

  async templates() {
    return (await this.send("GET", "integrations/templates/sources")).data;
  }

  async template(id) {
    return detailed(await this.send("GET", `integrations/templates/sources/${id}`));
  }

  async sources() {
    const query = new URLSearchParams({ workspace_name: await this.#name() });
    const { data } = await this.send("GET", `integrations/connectors?${query}`);
    return data.map(({ id, name, summarized_source_template: template }) => (
      { id, name: template?.name ?? name }));
  }

  async source(id) {
    const found = await this.send("GET", `integrations/connectors/${id}`);
    const template = detailed(found.source_template);
    return { id, template, configuration: found.replication_config };
  }

  async create({ id: source_template_id }, replication_config) {
    const workspace_name = await this.#name();
    return this.send("POST", "integrations/connectors",
      { workspace_name, source_template_id, replication_config });
  }

  update(id, replication_config) {
    return this.send("PUT", `integrations/connectors/${id}`, { replication_config });
  }

  remove(id) {
    return this.send("DELETE", `integrations/connectors/${id}`);
  }
}

function detailed({ id, name, user_config_spec }) {
  return { id, name, ...specified(user_config_spec) };
}

/** The connector, which only its documentation's address names on both APIs, and the form's schema. */
function specified({ documentationUrl, connectionSpecification: schema }) {
  return { connector: documentationUrl?.split("/").at(-1), schema };
}

/** The service, in the dialect of this name. */
export function service(name, parent, workspaceId) {
  const caller = new Caller(parent);
  return name === "agents" ? new Agents(caller) : new Platform(caller, workspaceId);
}
