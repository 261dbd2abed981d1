import SiteClient
import TestKit
import Testing

@Suite struct SiteClientTests {
  @Test func whereNobodyListensTheAnswerSaysSo() async throws {
    let port = Loopback.freePort()
    let client = SiteClient(host: "127.0.0.1", port: port)
    await #expect(throws: SiteClient.Failure.self) { _ = try await client.site() }
    do {
      _ = try await client.get("/api/v1/site")
    } catch let failure as SiteClient.Failure {
      #expect("\(failure)" == "no agent answers: http://127.0.0.1:\(port): connection refused")
    }
  }
}
