import { probeRedis } from '../../../../infra/redis/probe-redis.ts';
import type { Check } from '../check.ts';
import { ok, problem, skipped, wordsOf } from '../finding.ts';

/** Whether the Redis of the settings answers. */
export const redisCheck: Check = {
  name: 'redis',
  async look({ settings }) {
    if (settings === undefined) return [skipped('The settings are wrong.')];
    if (settings.redisUrl === undefined) {
      return [ok('No Redis is configured: right for one process, and too little for several.')];
    }
    try {
      return [ok(`Redis ${await probeRedis(settings.redisUrl)} answers.`)];
    } catch (error) {
      return [
        problem(
          `It does not answer: ${wordsOf(error)}.`,
          'Start it, or correct REDIS_URL. Until then updates are late, and gateways count rates each by itself.',
        ),
      ];
    }
  },
};
