import type { Image } from "../api";

const LEAST_PHOTOS = 24;
const MOST_PHOTOS = 96;

/** Fewer are too few for a row of their own at the end. */
const LEAST_AT_END = 8;

/**
 * Photos in blocks that are laid out one by one.
 *
 * Where a block ends depends on the photos themselves, so that new ones at the top leave all blocks but
 * the first as they are: the rows someone looks at don't change, and laying out many photos is quick.
 */
export function blocksOf(images: Image[]): Image[][] {
  const blocks: Image[][] = [];
  let start = 0;
  images.forEach((image, index) => {
    const length = index - start;
    if ((length >= LEAST_PHOTOS && isBoundary(image)) || length >= MOST_PHOTOS) {
      blocks.push(images.slice(start, index));
      start = index;
    }
  });
  const rest = images.slice(start);
  const last = blocks.at(-1);
  if (last && rest.length < LEAST_AT_END) blocks[blocks.length - 1] = [...last, ...rest];
  else if (rest.length > 0) blocks.push(rest);
  return blocks;
}

/** True for about one photo in 24, always the same ones. Ids are hashes. */
function isBoundary({ id }: Image): boolean {
  let sum = 0;
  for (let i = 0; i < id.length; i += 1) sum = (sum * 31 + id.charCodeAt(i)) % 65_521;
  return sum % LEAST_PHOTOS === 0;
}
