// `node --import` of this file puts this process's clock off by CLOCK_MS milliseconds.
const offset = Number(process.env.CLOCK_MS);
const Real = Date;
globalThis.Date = class extends Real {
  constructor(...given) {
    if (given.length === 0) super(Real.now() + offset);
    else super(...given);
  }
  static now() {
    return Real.now() + offset;
  }
};
