import { defineBench } from '../harness/bench.ts';
export const grab = defineBench({
  name: 'grab',
  measures: 'x',
  options: {},
  run: () => Promise.reject(new Error('-')),
});
