export function damage(kind: 'fire' | 'ice' | 'poison'): number {
  switch (kind) {
    case 'fire':
      return 3;
    default:
      return 1;
  }
}
