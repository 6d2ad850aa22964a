// NestJS on Express: the middleware gives each request its cache, and an indicator tells @nestjs/terminus about it.
import 'reflect-metadata';
import {
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  type OnApplicationShutdown,
  Param,
  Req,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  HealthCheck,
  HealthCheckService,
  HealthIndicatorService,
  TerminusModule,
} from '@nestjs/terminus';
import type { Request } from 'express';
import { type Cache, cacheMiddleware, createCache } from 'express-cache-health';

const CACHE = Symbol('cache');

@Injectable()
class CacheIndicator {
  constructor(
    @Inject(CACHE) private readonly cache: Cache,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {}

  /** Up, also while memory serves in place of Redis: that is no reason to take the instance out of service. */
  check() {
    const { mode, reason, message } = this.cache.status();
    return this.indicators.check('cache').up({ mode, reason, message });
  }
}

@Controller('products')
class ProductsController {
  @Get(':id')
  find(@Param('id') id: string, @Req() { cache }: Request) {
    return cache.getOrSet(`product:${id}`, async () => ({ id, name: 'Espresso', at: new Date() }));
  }
}

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(CacheIndicator) private readonly cache: CacheIndicator,
  ) {}

  @Get()
  @HealthCheck()
  check() {
    return this.health.check([() => this.cache.check()]);
  }
}

@Module({
  imports: [TerminusModule],
  controllers: [ProductsController, HealthController],
  providers: [
    { provide: CACHE, useFactory: () => createCache({ prefix: 'nest-api:' }) },
    CacheIndicator,
  ],
})
class AppModule implements OnApplicationShutdown {
  constructor(@Inject(CACHE) readonly cache: Cache) {}

  onApplicationShutdown(): Promise<void> {
    return this.cache.close();
  }
}

const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
app.use(cacheMiddleware(app.get<Cache>(CACHE)));
app.enableShutdownHooks();
await app.listen(process.env.PORT ?? 3000, '127.0.0.1');
console.log(`${await app.getUrl()}/products/1`);
