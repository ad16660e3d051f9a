import FFmpegMedia
import Testing

@Suite struct AVErrorCodeTests {
  @Test func codesSpeakFFmpegsWords() {
    #expect(AVErrorCode.endOfFile.description == "End of file")
    #expect(AVErrorCode.invalidData.description == "Invalid data found when processing input")
    #expect(AVErrorCode.outOfMemory.description == "Cannot allocate memory")
  }

  @Test func md5IsThatOfRFC1321() throws {
    var digest = try MD5()
    Array("abc".utf8).withUnsafeBytes { digest.update($0) }
    #expect(digest.finish() == "900150983cd24fb0d6963f7d28e17f72")
  }
}
