export async function first(found: Promise<string>): Promise<string> {
  try {
    return found;
  } catch {
    return 'none';
  }
}
