import { expect, test } from 'vitest';
import { BudgetShare, ByteBudget } from '../../../../../infra/eventstore/embedded/grpc/byte-budget.ts';

test('a budget is refused over its bound, and what is given back can be taken again', () => {
  const share = new BudgetShare(new ByteBudget('the bytes', 100));
  share.set(60);
  share.set(100);
  expect(() => share.set(101)).toThrow('the bytes would be more than 100 bytes');
  share.release();
  share.set(100);
});

test('a budget is shared, and a refused share stays as it was', () => {
  const budget = new ByteBudget('the bytes', 100);
  const [one, other] = [new BudgetShare(budget), new BudgetShare(budget)];
  one.set(80);
  expect(() => other.set(30)).toThrow();
  other.set(20);
  one.release();
  other.set(100);
});

test('a budget under another counts in both, and neither keeps what one refused', () => {
  const whole = new ByteBudget('all', 100);
  const [one, other] = [new ByteBudget('one', 90, whole), new ByteBudget('other', 90, whole)];
  one.take(60);
  expect(() => other.take(50)).toThrow('all would be');
  expect(() => one.take(40)).toThrow('one would be');
  other.take(40);
  one.take(-60);
  other.take(50);
});
