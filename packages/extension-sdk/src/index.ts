export type { Capability } from './capabilities.ts';
export {
  type AssetHandler,
  type CapabilityBag,
  type CapabilityObjects,
  type Check,
  defineExtension,
  type ExtensionContext,
  type ExtensionDefinition,
  type GuestLog,
  type Operation,
  op,
  type StandardResult,
  type StateDefinition,
  type UntypedCapability,
} from './define.ts';
export type { JsonObject, JsonValue } from './json.ts';
