export async function isGrown(player: { level: number }): Promise<boolean> {
  const level = await player.level;
  return level > 10;
}
