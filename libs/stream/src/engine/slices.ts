/** Something that takes memory, in bytes. */
interface Sized {
  readonly size: number;
}

/** Changes that go out together are about as large, in bytes; one change may be larger. */
export const SLICE_BYTES = 128 * 1024;

/** Cuts what goes out into parts that are small enough to wait for a slow client. @param most items in one part */
export function slicesOf<T extends Sized>(items: readonly T[], most = Number.POSITIVE_INFINITY): (readonly T[])[] {
  if (items.length <= 1) return items.length === 0 ? [] : [items];
  const slices: (readonly T[])[] = [];
  let start = 0;
  let bytes = 0;
  items.forEach(({ size }, i) => {
    if (i > start && (bytes + size > SLICE_BYTES || i - start === most)) {
      slices.push(items.slice(start, i));
      start = i;
      bytes = 0;
    }
    bytes += size;
  });
  slices.push(items.slice(start));
  return slices;
}
