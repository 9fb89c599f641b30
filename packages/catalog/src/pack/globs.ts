/** Whether `text` matches a pattern of one path part: `*` for any characters, `?` for one. Linear but for one factor. */
function partMatches(pattern: string, text: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const wanted = pattern[place];
    if (wanted === '*') {
      star = place;
      starAt = at;
      place += 1;
    } else if (wanted === '?' || wanted === text[at]) {
      at += 1;
      place += 1;
    } else if (star !== -1) {
      starAt += 1;
      at = starAt;
      place = star + 1;
    } else {
      return false;
    }
  }
  while (pattern[place] === '*') place += 1;
  return place === pattern.length;
}

function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  // reach[j]: whether the patterns so far can end before part j.
  let reach = parts.map(() => false).concat(false);
  reach[0] = true;
  for (const wanted of pattern) {
    const next = reach.map(() => false);
    let isOpen = false;
    for (let index = 0; index <= parts.length; index += 1) {
      if (wanted === '**') {
        isOpen ||= reach[index] === true;
        next[index] = isOpen;
      } else if (index > 0) {
        next[index] = reach[index - 1] === true && partMatches(wanted, parts[index - 1] as string);
      }
    }
    reach = next;
  }
  return reach[parts.length] === true;
}

/**
 * A test for paths, by patterns: `*` and `?` within a part, `**` over parts; a pattern that names a folder takes all
 * that is in it; `!` in front leaves out what earlier patterns took. Braces and brackets mean themselves.
 */
export function createSelection(patterns: readonly string[]): (path: string) => boolean {
  const rules = patterns.map((pattern) => {
    const isOut = pattern.startsWith('!');
    const text = (isOut ? pattern.slice(1) : pattern).replace(/^\.?\//, '').replace(/\/$/, '');
    return { isOut, parts: text === '' || text === '.' ? ['**'] : [...text.split('/'), '**'] };
  });
  return (path) => {
    const parts = path.split('/');
    let isIn = false;
    for (const { isOut, parts: pattern } of rules) {
      if (isIn === isOut && matches(pattern, parts)) isIn = !isOut;
    }
    return isIn;
  };
}
