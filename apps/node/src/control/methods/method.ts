import type { NodeId } from '@hypermesh/core';
import type { NodeConfig } from '../../config.ts';
import type { Growth } from '../../growth.ts';
import type { MachineRecord } from '../../inventory/machine.ts';
import type { MeshServices } from '../../services.ts';
import type { Intake } from '../../standing/intake.ts';
import type { NodeStatus } from '../../status.ts';
import type { ControlCall } from '../server.ts';

/** What the methods of the control socket work with. */
export interface ControlParts {
  readonly config: NodeConfig;
  readonly nodeId: NodeId;
  readonly growth: Growth;
  /** The signed inventory of this machine, also before there is a ledger. */
  readonly machine: Promise<MachineRecord>;
  /** Whether something new is taken on. */
  readonly intake: Intake;
  status(): NodeStatus;
  invitations(): readonly string[];
}

/** A control call with a way to tell progress in words. */
export type ServiceCall = ControlCall & { tell(text: string): void };

/** A method that needs the ledger and what stands on it; it is called once they are there. */
export type ServiceMethod = (
  services: MeshServices,
  call: ServiceCall,
  parts: ControlParts,
) => Promise<object>;

/** Methods by the names by which they are called. */
export type ServiceMethods = Readonly<Record<string, ServiceMethod>>;
