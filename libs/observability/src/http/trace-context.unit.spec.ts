import { parseTraceparent } from './trace-context.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('parseTraceparent', () => {
  it('reads version 00', () => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual({ traceId: TRACE, parentSpanId: SPAN, sampled: true });
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-02`)).toEqual({ traceId: TRACE, parentSpanId: SPAN, sampled: false });
  });

  it('reads what it knows of a version to come', () => {
    const known = { traceId: TRACE, parentSpanId: SPAN, sampled: true };
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-09`)).toEqual(known);
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-09-what-comes`)).toEqual(known);
  });

  it.each([
    ['nothing', undefined],
    ['an empty header', ''],
    ['two headers', [`00-${TRACE}-${SPAN}-01`, `00-${TRACE}-${SPAN}-01`]],
    ['two headers joined', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['more behind version 00', `00-${TRACE}-${SPAN}-01-more`],
    ['more without a dash', `cc-${TRACE}-${SPAN}-01more`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a parent id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['capitals', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['no hex', `00-${TRACE}-${SPAN}-0g`],
    ['blanks around', ` 00-${TRACE}-${SPAN}-01 `],
    ['no flags', `00-${TRACE}-${SPAN}`],
  ])('ignores %s', (_what, header) => {
    expect(parseTraceparent(header)).toBeUndefined();
  });
});
