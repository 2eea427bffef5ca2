import { useEffect, useState } from 'preact/hooks';
import type { Store } from './store.ts';

/** What a store holds now; the component is drawn again when it changes. */
export function useStore<Value>(store: Store<Value>): Value {
  const [value, setValue] = useState(() => store.get());
  useEffect(() => {
    const take = () => setValue(() => store.get());
    // It may have changed between drawing and subscribing.
    take();
    return store.subscribe(take);
  }, [store]);
  return value;
}
