// The wall clock of the tortured processes, hours ahead or behind at will (clock_jump.c). Set
// through a file that all of them map, so that it jumps for all of them at once, while they run.
import { openSync, writeSync } from 'node:fs';
import path from 'node:path';

export class JumpingClock {
  constructor(library, directory) {
    const file = path.join(directory, 'clock');
    this.file = openSync(file, 'w');
    this.env = { LD_PRELOAD: library, TORTURE_CLOCK: file };
    this.jump(0);
  }

  // From now on that far from the real time; behind it when negative.
  jump(milliseconds) {
    const offset = Buffer.alloc(8);
    offset.writeBigInt64LE(BigInt(Math.round(milliseconds)));
    writeSync(this.file, offset, 0, 8, 0);
  }
}
