// Runs task graphs with better-all and with async.auto against promises
// written by hand, interleaved, and checks every result. It reads
// {rounds, sampleMs, budgetMs, graphs: [{name, form, names, deps, sinks}]}
// from standard input and writes {node, graphs: [{name, tasks, times}]}.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { all } from 'better-all'
import async from 'async'

const leaf = (i) => (Math.imul(i, 0x9e3779b9) + 1) | 0
const join = (h, v) => Math.imul(((h << 5) | (h >>> 27)) ^ v, 0x85ebca6b)
const seed = 0x4f6cdd1d
const result = (...sinks) => sinks.reduce(join, seed)

// The body of task i: a value from those of its dependencies, in order.
const body = async (i, ...deps) => deps.reduce(join, leaf(i))

const sequential = async (g) => {
  const vals = []
  for (let i = 0; i < g.deps.length; i++) {
    vals.push(await body(i, ...g.deps[i].map((d) => vals[d])))
  }
  return result(...g.sinks.map((i) => vals[i]))
}

const promises = {
  three: async () => {
    const user = body(0)
    const config = body(1)
    const profile = user.then((u) => body(2, u))
    const [, c, p] = await Promise.all([user, config, profile])
    return result(c, p)
  },
  six: async () => {
    const auth = body(0)
    const settings = body(1)
    const userData = auth.then((a) => body(2, a))
    const permissions = auth.then((a) => body(3, a))
    const posts = userData.then((u) => body(4, u))
    const analytics = Promise.all([userData, posts]).then(([u, p]) => body(5, u, p))
    const [, s, , pe, , an] = await Promise.all([auth, settings, userData, permissions, posts, analytics])
    return result(s, pe, an)
  },
  loop: async (g) => {
    const ps = []
    for (let i = 0; i < g.deps.length; i++) {
      const deps = g.deps[i]
      ps.push(
        deps.length === 0
          ? body(i)
          : deps.length === 1
            ? ps[deps[0]].then((a) => body(i, a))
            : Promise.all(deps.map((d) => ps[d])).then((vals) => body(i, ...vals)),
      )
    }
    const vals = await Promise.all(ps)
    return result(...g.sinks.map((i) => vals[i]))
  },
}

const betterAll = {
  three: async () => {
    const { config, profile } = await all({
      async user() {
        return body(0)
      },
      async config() {
        return body(1)
      },
      async profile() {
        return body(2, await this.$.user)
      },
    })
    return result(config, profile)
  },
  six: async () => {
    const { settings, permissions, analytics } = await all({
      async auth() {
        return body(0)
      },
      async settings() {
        return body(1)
      },
      async userData() {
        return body(2, await this.$.auth)
      },
      async permissions() {
        return body(3, await this.$.auth)
      },
      async posts() {
        return body(4, await this.$.userData)
      },
      async analytics() {
        const [userData, posts] = await Promise.all([this.$.userData, this.$.posts])
        return body(5, userData, posts)
      },
    })
    return result(settings, permissions, analytics)
  },
  loop: async (g) => {
    const tasks = {}
    for (let i = 0; i < g.deps.length; i++) {
      const deps = g.deps[i]
      tasks[g.names[i]] =
        deps.length < 2
          ? async function () {
              return deps.length === 0 ? body(i) : body(i, await this.$[g.names[deps[0]]])
            }
          : async function () {
              return body(i, ...(await Promise.all(deps.map((d) => this.$[g.names[d]]))))
            }
    }
    const vals = await all(tasks)
    return result(...g.sinks.map((i) => vals[g.names[i]]))
  },
}

const auto = {
  three: async () => {
    const { config, profile } = await async.auto({
      user: async () => body(0),
      config: async () => body(1),
      profile: ['user', async ({ user }) => body(2, user)],
    })
    return result(config, profile)
  },
  six: async () => {
    const { settings, permissions, analytics } = await async.auto({
      auth: async () => body(0),
      settings: async () => body(1),
      userData: ['auth', async ({ auth }) => body(2, auth)],
      permissions: ['auth', async ({ auth }) => body(3, auth)],
      posts: ['userData', async ({ userData }) => body(4, userData)],
      analytics: ['userData', 'posts', async ({ userData, posts }) => body(5, userData, posts)],
    })
    return result(settings, permissions, analytics)
  },
  loop: async (g) => {
    const tasks = {}
    for (let i = 0; i < g.deps.length; i++) {
      const needs = g.deps[i].map((d) => g.names[d])
      tasks[g.names[i]] = needs.length === 0 ? async () => body(i) : [...needs, async (vals) => body(i, ...needs.map((n) => vals[n]))]
    }
    const vals = await async.auto(tasks)
    return result(...g.sinks.map((i) => vals[g.names[i]]))
  },
}

const contenders = [
  ['sequential loop', { loop: sequential }],
  ['promises by hand', promises],
  ['better-all', betterAll],
  ['async.auto', auto],
]

const now = () => Number(process.hrtime.bigint())

async function measure(g, { rounds, sampleMs, budgetMs }) {
  const want = await sequential(g)
  const subjects = []
  for (const [name, forms] of contenders) {
    const run = forms[g.form] ?? forms.loop
    const once = async () => {
      const got = await run(g)
      if (got !== want) throw new Error(`${name} on ${g.name}: result ${got}, want ${want}`)
    }
    // The compiler needs some hundred runs before it is done with small ones.
    const start = now()
    let n = 0
    while (n < 1 || (n < 3000 && now() - start < 200e6)) {
      await once()
      n++
    }
    const each = (now() - start) / n
    subjects.push({ name, once, repeat: Math.max(1, Math.ceil((sampleMs * 1e6) / each)), nanos: [] })
  }
  const begin = now()
  for (let round = 0; round < rounds && (round < 3 || now() - begin < budgetMs * 1e6); round++) {
    for (let k = 0; k < subjects.length; k++) {
      const s = subjects[(k + round) % subjects.length]
      globalThis.gc?.()
      const start = now()
      for (let r = 0; r < s.repeat; r++) await s.once()
      s.nanos.push((now() - start) / s.repeat)
    }
  }
  return { name: g.name, tasks: g.deps.length, times: subjects.map(({ name, repeat, nanos }) => ({ name, repeat, nanos })) }
}

const job = JSON.parse(readFileSync(0, 'utf8'))
const require = createRequire(import.meta.url)
const graphs = []
for (const g of job.graphs) graphs.push(await measure(g, job))
process.stdout.write(
  JSON.stringify({
    node: process.version,
    // better-all exports no package.json, so its version is that of the lock.
    versions: { async: require('async/package.json').version, 'better-all': job.betterAll },
    graphs,
  }),
)
