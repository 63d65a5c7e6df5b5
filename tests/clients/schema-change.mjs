// The changes between two schemas, and whether they break clients. The rule: an element is deprecated in one release,
// and removed in a later one.

import { CriticalityLevel, diff, DiffRule } from '@graphql-inspector/core';
import { buildSchema, getNamedType, isAbstractType } from 'graphql';

const LEVELS = new Map([
  [CriticalityLevel.Breaking, 'breaking'],
  [CriticalityLevel.Dangerous, 'dangerous'],
  [CriticalityLevel.NonBreaking, 'harmless'],
]);

/** The changes as `{ level, message }`, except those of descriptions, worst first. Both schemas are SDL. */
export async function changesBetween(released, current) {
  const rules = [permitDeprecated, DiffRule.ignoreDescriptionChanges];
  const changes = await diff(buildSchema(released), buildSchema(current), rules);
  return [...LEVELS].flatMap(([criticality, level]) => {
    const some = changes.filter((change) => change.criticality.level === criticality);
    // Hides the fields of new types. For other levels, the rule would hide changes that matter.
    const reported = level === 'harmless' ? DiffRule.simplifyChanges({ changes: some }) : some;
    return reported.map(({ message }) => ({ level, message }));
  });
}

/**
 * Changing or removing an element that was deprecated, or was reachable only through deprecated elements, is dangerous,
 * not breaking. GraphQL Inspector's own rule ignores deprecated arguments, and permits removing any type.
 */
function permitDeprecated({ changes, oldSchema }) {
  const inUse = typesInUse(oldSchema);
  return changes.map((change) => {
    const { criticality, path } = change;
    if (criticality.level !== CriticalityLevel.Breaking || !wasDeprecated(path, oldSchema, inUse)) return change;
    return { ...change, criticality: { ...criticality, level: CriticalityLevel.Dangerous } };
  });
}

/** Whether the element at the path (`Type.field.argument`, `Enum.VALUE`) or an element around it was deprecated. */
function wasDeprecated(path = '', schema, inUse) {
  const [typeName, memberName, argumentName] = path.split('.');
  const type = schema.getType(typeName);
  if (!type) return false;
  if (!inUse.has(type)) return true;
  const member = type.getFields?.()[memberName] ?? type.getValue?.(memberName);
  const argument = member?.args?.find(({ name }) => name === argumentName);
  return [member, argument].some((element) => element && !isCurrent(element));
}

/** The types that are reachable from the roots without deprecated elements. */
function typesInUse(schema) {
  const found = new Set();
  const waiting = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  waiting.push(...schema.getDirectives().flatMap(({ args }) => args.map(({ type }) => type)));
  while (waiting.length > 0) {
    const type = getNamedType(waiting.pop());
    if (!type || found.has(type)) continue;
    found.add(type);
    waiting.push(...neighbours(type, schema));
  }
  return found;
}

function neighbours(type, schema) {
  const fields = Object.values(type.getFields?.() ?? {}).filter(isCurrent);
  const inputs = fields.flatMap(({ args = [] }) => args.filter(isCurrent));
  return [
    ...[...fields, ...inputs].map((element) => element.type),
    ...(isAbstractType(type) ? schema.getPossibleTypes(type) : []),
    ...(type.getInterfaces?.() ?? []),
  ];
}

function isCurrent({ deprecationReason }) {
  return deprecationReason == null;
}
