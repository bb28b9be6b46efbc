export function damage(kind: 'fire' | 'ice' | 'poison'): number {
  let points = 0;
  switch (kind) {
    case 'fire':
      points = 3;
      break;
    case 'ice':
      points = 2;
      break;
  }
  return points;
}
