// A bound of a core module's memory. Node has no setting for that, but a module may declare one: what is
// written into its memory section is what the engine keeps to.

const PAGES = 512; // of 64 KiB: 32 MiB
const MEMORY_SECTION = 5;
const [HAS_MOST, SHARED, LONG] = [1, 2, 4];

/** The module with a bound for each memory of its own. */
export function capped(bytes) {
  const reader = new Reader(bytes, 8);
  while (reader.at < bytes.length) {
    const [begin, id, size] = [reader.at, reader.byte(), reader.number()];
    const end = reader.at + size;
    if (id === MEMORY_SECTION) {
      const content = bounded(reader);
      const section = [id, ...number(content.length), ...content];
      return Buffer.concat([bytes.subarray(0, begin), Uint8Array.from(section), bytes.subarray(end)]);
    }
    reader.at = end;
  }
  return bytes;
}

/** The memories of a section, none of which may grow beyond the bound. */
function bounded(reader) {
  const count = reader.number();
  const memories = Array.from({ length: count }, () => {
    const flags = reader.byte();
    if (flags & (SHARED | LONG)) throw new Error('it has a memory that is shared, or of 64 bits');
    const least = reader.number();
    const most = flags & HAS_MOST ? reader.number() : PAGES;
    if (least > PAGES) throw new Error(`it begins with more memory than ${PAGES / 16} MiB`);
    return [HAS_MOST, ...number(least), ...number(Math.min(most, PAGES))];
  });
  return [...number(count), ...memories.flat()];
}

class Reader {
  constructor(bytes, at) {
    Object.assign(this, { bytes, at });
  }

  byte() {
    return this.bytes[this.at++];
  }

  /** LEB128, seven bits in a byte, the lowest first. */
  number() {
    let [value, scale] = [0, 1];
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      scale *= 128;
      if (byte < 0x80) return value;
    }
  }
}

function number(value) {
  const bytes = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
