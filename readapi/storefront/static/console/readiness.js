/* /readyz, whose 503 is an answer as good as its 200. */

export async function readiness(api) {
  try {
    return (await api.get("/readyz")).body;
  } catch (problem) {
    if (problem.body?.lag === undefined) throw problem;
    return problem.body;
  }
}
