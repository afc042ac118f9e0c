// What the compiled modules offer: read out of the bytecode, so that it is what the chain gets, and not what a source says.
// Error and kind names come from the sources, since bytecode has only their numbers.
import { deserialize } from "@mysten/move-bytecode-template";

const ABILITIES = ["copy", "drop", "store", "key"];
const abilities = (bits) => ABILITIES.filter((_, at) => bits & (1 << at));
const named = (entries) => Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));

/** One compiled module, with its tables at hand. */
class Module {
  constructor(base64) {
    this.code = deserialize(Buffer.from(base64, "base64"));
    this.name = this.text(this.code.module_handles[this.code.self_module_handle_idx].name);
  }

  text(at) {
    return this.code.identifiers[at];
  }

  /** A module, as `0x2::coin`; this package's own without an address. */
  module(at) {
    const { address, name } = this.code.module_handles[at];
    const digits = this.code.address_identifiers[address].replace(/^0+/, "");
    return digits === "" ? this.text(name) : `0x${digits}::${this.text(name)}`;
  }

  datatype(at) {
    const { module, name } = this.code.datatype_handles[at];
    return `${this.module(module)}::${this.text(name)}`;
  }

  /** A type in words, type parameters as T0, T1 … */
  type(type) {
    if (typeof type === "string") return type.toLowerCase();
    const [[kind, of]] = Object.entries(type);
    switch (kind) {
      case "TypeParameter":
        return `T${of}`;
      case "Vector":
        return `vector<${this.type(of)}>`;
      case "Reference":
        return `&${this.type(of)}`;
      case "MutableReference":
        return `&mut ${this.type(of)}`;
      case "Datatype":
        return this.datatype(of);
      case "DatatypeInstantiation":
        return `${this.datatype(of[0])}<${of[1].map((one) => this.type(one)).join(", ")}>`;
      default:
        throw new Error(`${this.name} has a type that is not known here: ${kind}`);
    }
  }

  types(signature) {
    return this.code.signatures[signature].map((type) => this.type(type));
  }

  functions() {
    return this.code.function_defs.map((def) => ({ def, handle: this.code.function_handles[def.function] }));
  }

  /** What a function does: the codes it aborts with, and the package's functions that it calls. */
  acts(def) {
    const [codes, calls] = [new Set(), new Set()];
    const steps = def.code?.code ?? [];
    steps.forEach((step, at) => {
      const constant = step === "Abort" ? steps[at - 1]?.LdConst : undefined;
      if (step === "Abort" && constant === undefined) throw new Error(`${this.name} aborts with what is no constant`);
      if (constant !== undefined) codes.add(this.number(constant));
      const called =
        step.CallGeneric === undefined ? step.Call : this.code.function_instantiations[step.CallGeneric].handle;
      if (called === undefined) return;
      const { module, name } = this.code.function_handles[called];
      calls.add(`${this.module(module)}::${this.text(name)}`);
    });
    return { codes, calls };
  }

  number(constant) {
    const { type_, data } = this.code.constant_pool[constant];
    if (type_ !== "U64") throw new Error(`${this.name} aborts with a ${type_}`);
    return Number(Buffer.from(data).readBigUInt64LE());
  }
}

/** The constants of a source whose names fit: name → number. */
function constants(source, names, type) {
  const lines = [...source.matchAll(new RegExp(`^const (${names}): ${type} = (\\d+);`, "gm"))];
  return Object.fromEntries(lines.map(([, name, number]) => [name, Number(number)]));
}

function signature(module, { def, handle }, aborts) {
  return {
    type_parameters: handle.type_parameters.map((bits) => abilities(bits).join(" + ")),
    parameters: module.types(handle.parameters),
    returns: module.types(handle.return_),
    ...(def.is_entry ? { entry: true } : {}),
    aborts,
  };
}

function struct(module, { struct_handle, field_information }) {
  const handle = module.code.datatype_handles[struct_handle];
  const fields = field_information.Declared.map(
    (field) => `${module.text(field.name)}: ${module.type(field.signature)}`,
  );
  const type_parameters = handle.type_parameters.map((one) =>
    one.is_phantom ? "phantom" : abilities(one.constraints).join(" + "),
  );
  return [module.text(handle.name), { abilities: abilities(handle.abilities), type_parameters, fields }];
}

export const moduleName = (base64) => new Module(base64).name;

/** Everything that can be called, every type, every code: `modules` as base64, `sources` by module name. */
export function describe(modules, sources) {
  const parsed = modules.map((one) => new Module(one)).sort((one, other) => (one.name < other.name ? -1 : 1));
  const acts = new Map();
  const errors = {};
  for (const module of parsed) {
    errors[module.name] = constants(sources[module.name], "E\\w+", "u64");
    const names = new Map(Object.entries(errors[module.name]).map(([name, code]) => [code, `${module.name}::${name}`]));
    for (const { def, handle } of module.functions()) {
      const { codes, calls } = module.acts(def);
      const unnamed = [...codes].filter((code) => !names.has(code));
      if (unnamed.length > 0) throw new Error(`${module.name} aborts with ${unnamed}, which have no names`);
      acts.set(`${module.name}::${module.text(handle.name)}`, {
        codes: [...codes].map((code) => names.get(code)),
        calls,
      });
    }
  }
  const aborts = (name, seen = new Set()) => {
    if (seen.has(name) || !acts.has(name)) return [];
    seen.add(name);
    const { codes, calls } = acts.get(name);
    return [...codes, ...[...calls].flatMap((called) => aborts(called, seen))];
  };
  const describeModule = (module) => {
    const isPublic = ({ def }) => def.visibility === "Public" || def.is_entry;
    const functions = module
      .functions()
      .filter(isPublic)
      .map((one) => {
        const name = module.text(one.handle.name);
        return [name, signature(module, one, [...new Set(aborts(`${module.name}::${name}`))].sort())];
      });
    const structs = module.code.struct_defs.map((def) => struct(module, def));
    const kinds = constants(sources[module.name], "[A-Z_]+", "u8");
    return { functions: named(functions), structs: named(structs), errors: errors[module.name], kinds };
  };
  return Object.fromEntries(parsed.map((module) => [module.name, describeModule(module)]));
}
