// Summaries of what was measured.

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of the ratios of each round. The speed of the machine changes less within a round than between rounds. */
export function medianRatio(values, others) {
  return median(values.map((value, round) => value / others[round]));
}

/** Rows of cells as text, in columns. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  const pad = (cell, column) => (column === 0 ? String(cell).padEnd(widths[0]) : String(cell).padStart(widths[column]));
  return rows.map((row) => row.map(pad).join('  ')).join('\n');
}
