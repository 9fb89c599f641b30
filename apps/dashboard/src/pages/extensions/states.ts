/** How the states of an extension look. */
export const stateTones = { active: 'good', suspended: 'bad', inactive: 'plain', refused: 'bad' } as const;
