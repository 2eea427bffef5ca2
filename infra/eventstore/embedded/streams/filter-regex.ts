/**
 * The regular expressions of filters. They come from clients, so matching must be linear in the text: RE2's way
 * (https://swtch.com/~rsc/regexp/regexp3.html), with a bound on the program's size and on the automaton's memory.
 *
 * Alternatives: JavaScript's own engine backtracks, and one expression stops the node for minutes; in a worker
 * thread with a time limit it would cost every event of a filtered read a message to that thread.
 */
import { RE2JS, RE2Set } from 're2js';
import { limits } from '../../../../src/config/limits.ts';
import { invalidArgument } from '../grpc/grpc-status.ts';
import { translateDotNetRegex } from './dotnet-regex.ts';

/**
 * Compiles an expression in the syntax of the reference server, .NET's. Throws `GrpcError` for one that is not
 * valid, too long or too large, or that cannot be matched in linear time (a back reference, say).
 */
export function compileFilterRegex(source: string): (text: string) => boolean {
  const { filterRegexCharsMax, filterRegexInstructionsMax } = limits.eventNode;
  if (source.length > filterRegexCharsMax) {
    throw invalidArgument(`a filter's regular expression has at most ${filterRegexCharsMax} characters`);
  }
  if (noSystemNames.has(source)) return (text) => text !== '' && !text.startsWith('$');
  const translated = translateDotNetRegex(source);
  if ('refusal' in translated) {
    throw invalidArgument(`the filter's regular expression cannot be served: ${translated.refusal}`);
  }
  const { pattern, conditions } = translated;
  const matches = compile(pattern);
  if (conditions.length === 0) return matches;
  const checks = conditions.map((condition) => ({ ...condition, matches: compile(condition.pattern) }));
  return (text) => checks.every((check) => check.matches(text) === check.wanted) && matches(text);

  function compile(expression: string): (text: string) => boolean {
    const program = compiled(expression);
    if (program.instructions > filterRegexInstructionsMax) {
      throw invalidArgument("the filter's regular expression is too large");
    }
    return program.matches;
  }
}

/**
 * The ways in which clients say "nothing that begins with a dollar sign", which most reads of the log do: looking at
 * one character spares a third of what such a read costs the node (`bench append`).
 */
const noSystemNames: ReadonlySet<string> = new Set(['^[^$]', '^[^\\$]', '^[^$].*', '^[^\\$].*']);

function compiled(expression: string): { instructions: number; matches: (text: string) => boolean } {
  try {
    const instructions = RE2JS.compile(expression).programSize();
    // A set of one: only sets let the automaton's memory be bounded.
    const set = new RE2Set(RE2Set.UNANCHORED, 0, limits.eventNode.filterRegexMemoryBytesMax);
    set.add(expression);
    set.compile();
    return { instructions, matches: (text) => set.match(text).length > 0 };
  } catch {
    throw invalidArgument("the filter's regular expression is not valid, or nothing that this node serves");
  }
}
