// What changed between two schemas, and whether clients bear it. The rule: what is to go is deprecated in one release,
// and goes in a later one.

import { CriticalityLevel, diff, DiffRule } from '@graphql-inspector/core';
import { buildSchema, getNamedType, isAbstractType } from 'graphql';

const LEVELS = new Map([
  [CriticalityLevel.Breaking, 'breaking'],
  [CriticalityLevel.Dangerous, 'dangerous'],
  [CriticalityLevel.NonBreaking, 'harmless'],
]);

/** Each change but those of descriptions as `{ level, message }`, the worst first. Both schemas are SDL. */
export async function changesBetween(released, current) {
  const rules = [permitDeprecated, DiffRule.ignoreDescriptionChanges];
  const changes = await diff(buildSchema(released), buildSchema(current), rules);
  return [...LEVELS].flatMap(([criticality, level]) => {
    const some = changes.filter((change) => change.criticality.level === criticality);
    // What a new type consists of goes without saying. Of other changes this rule hides some that matter.
    const told = level === 'harmless' ? DiffRule.simplifyChanges({ changes: some }) : some;
    return told.map(({ message }) => ({ level, message }));
  });
}

/**
 * What was deprecated, or served only what was, may be changed and taken away: that is dangerous, not breaking. GraphQL
 * Inspector's own rule knows no deprecated arguments, and lets every type go, whoever asks for it.
 */
function permitDeprecated({ changes, oldSchema }) {
  const inUse = typesInUse(oldSchema);
  return changes.map((change) => {
    const { criticality, path } = change;
    if (criticality.level !== CriticalityLevel.Breaking || !wasDeprecated(path, oldSchema, inUse)) return change;
    return { ...change, criticality: { ...criticality, level: CriticalityLevel.Dangerous } };
  });
}

/** Whether what stands at that path (`Type.field.argument`, `Enum.VALUE`) was deprecated, or lay within what was. */
function wasDeprecated(path = '', schema, inUse) {
  const [typeName, memberName, argumentName] = path.split('.');
  const type = schema.getType(typeName);
  if (!type) return false;
  if (!inUse.has(type)) return true;
  const member = type.getFields?.()[memberName] ?? type.getValue?.(memberName);
  const argument = member?.args?.find(({ name }) => name === argumentName);
  return [member, argument].some((element) => element && !isCurrent(element));
}

/** The types that one comes to from the roots without anything deprecated. */
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
