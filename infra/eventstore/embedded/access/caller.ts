/** Who makes a call, as far as the node knows. */
export interface Caller {
  /** Undefined for one who has not said who he is. */
  readonly login: string | undefined;
  readonly groups: readonly string[];
}

/** The groups and users that the node itself knows. Names are EventStoreDB's. */
export const ADMINS = '$admins';
export const OPERATORS = '$ops';
export const ADMIN_LOGIN = 'admin';
export const OPERATOR_LOGIN = 'ops';
/** Stands for everybody, those without a name included, wherever a list names users and groups. */
export const EVERYBODY = '$all';

/** One who sent no credentials. */
export const anonymous: Caller = { login: undefined, groups: [] };

/** Every caller of a node that checks nothing. */
export const unchecked: Caller = { login: undefined, groups: [ADMINS] };

/** Whether a list of users and groups means this caller. */
export function isAmong({ login, groups }: Caller, names: readonly string[]): boolean {
  return names.some((name) => name === EVERYBODY || name === login || groups.includes(name));
}

/** May do everything. The user `admin` is one whatever groups he is in: nobody can lock everybody out. */
export const isAdministrator = (caller: Caller): boolean => isAmong(caller, administrators);

/** May stop the node, scavenge and the like. */
export const isOperator = (caller: Caller): boolean => isAmong(caller, operators);

const administrators = [ADMINS, ADMIN_LOGIN];
const operators = [...administrators, OPERATORS, OPERATOR_LOGIN];
