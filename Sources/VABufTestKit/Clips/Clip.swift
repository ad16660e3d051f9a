/// A generated video file with something hard about it.
///
/// A clip is a value: a name, a recipe, and what the recipe is good for. `ClipMaker` turns it into a file.
public struct Clip: Sendable, Hashable {
  /// Unique among all clips, and usable in a file name.
  public let name: String
  /// The file name extension, without the dot.
  public let ext: String
  /// What a reader of this file can get wrong.
  public let hard: String
  /// What tests select clips by.
  public let tags: Set<Tag>
  /// How the file is made. The last step writes `out.` and the extension.
  public let steps: [Step]

  /// Creates a clip from its recipe.
  public init(_ name: String, _ ext: String, _ hard: String, _ tags: Set<Tag> = [], _ steps: [Step]) {
    self.name = name
    self.ext = ext
    self.hard = hard
    self.tags = tags
    self.steps = steps
  }

  /// Creates a clip that one run of `ffmpeg` makes. The arguments are separated by single spaces, and what it writes
  /// is added at the end.
  public init(_ name: String, _ ext: String, _ hard: String, _ tags: Set<Tag> = [], _ arguments: String) {
    self.init(name, ext, hard, tags, [.ffmpeg(arguments + " out." + ext)])
  }

  /// What a test may select clips by.
  public enum Tag: String, Sendable, CaseIterable {
    case h264, hevc, mpeg2, mpeg4, vp8, vp9, av1, intraOnly, otherCodec
    /// Frames come out in another order than their packets.
    case reordered
    /// Some packets give no frame, or one packet holds several.
    case hidden
    /// The stream may begin, or be entered, where not all references are there.
    case openGOP
    /// The first packets cannot be decoded exactly.
    case midStart
    /// Fields, MBAFF, PAFF.
    case interlaced
    /// Timestamps are missing, repeated, or lie about the order.
    case oddTimestamps
    /// The distance between frames varies.
    case variableRate
    /// An edit list hides or repeats packets.
    case editList
    /// Size, pixel format or parameter sets change within the stream.
    case changes
    /// Several video streams, attached pictures, programs.
    case severalStreams
    /// Not 8-bit 4:2:0, or an odd size.
    case pixelFormat
    /// Metadata that must travel with the frames: rotation, aspect ratio, colour.
    case metadata
    /// Cut off or with flipped bits: libavcodec conceals.
    case damaged
    /// No container, and so no timestamps and no index.
    case raw
    /// At most one frame.
    case oneFrame
  }

  /// One step of a recipe. Files are named relative to a scratch folder; `@name` is the file of another clip.
  public enum Step: Sendable, Hashable {
    /// Runs `ffmpeg` with these arguments, separated by single spaces.
    case ffmpeg(String)
    /// Copies a range of bytes, in thousandths of the file's size.
    case cut(String, from: Int, to: Int, into: String)
    /// Writes several files one after the other.
    case join([String], into: String)
    /// Flips one bit about every `every` bytes, never in the first `sparing` bytes (counted from the start of an
    /// MP4 file's media data).
    case flip(String, every: Int, sparing: Int, seed: UInt64, into: String)
    /// Makes these pictures of an Annex B stream with one slice each, or of VP9 in IVF, undecodable behind headers that
    /// look right.
    case spoil(String, pictures: [Int], into: String)
    /// Replaces the edit lists of an MP4 file whose `moov` box comes last. Times in thousandths of a second.
    case edits(String, [Edit], into: String)
    /// Writes text, such as a list for the concat demuxer.
    case text(String, into: String)
    /// Writes an H.264 stream of field pictures, which no encoder at hand makes.
    case fieldPictures(FieldPictures, into: String)
    /// Takes the bytes of one sample of the first chunk out of a QuickTime file.
    case emptySample(String, number: Int, into: String)
    /// Makes an AVI file claim twice the rows.
    case doubleHeight(String, into: String)
    /// Writes Fraps, of which some packets repeat the picture before.
    case fraps(frames: Int, repeated: Set<Int>, into: String)
  }

  /// One entry of an MP4 edit list.
  public struct Edit: Sendable, Hashable {
    /// Where in the media it starts, in milliseconds, or -1 for an empty edit.
    public let start: Int
    /// How long it lasts, in milliseconds.
    public let duration: Int

    /// Creates an entry.
    public init(start: Int, duration: Int) {
      self.start = start
      self.duration = duration
    }
  }

  /// The clips that this one is made from.
  public var sources: [String] {
    var names: [String] = []
    for step in steps {
      let words: [Substring]
      switch step {
      case .ffmpeg(let arguments): words = arguments.split(separator: " ")
      case .cut(let file, _, _, _), .flip(let file, _, _, _, _), .edits(let file, _, _),
        .spoil(let file, _, _), .emptySample(let file, _, _), .doubleHeight(let file, _):
        words = [file[...]]
      case .join(let files, _): words = files.map { $0[...] }
      case .text, .fieldPictures, .fraps: words = []
      }
      names += words.filter { $0.hasPrefix("@") }.map { String($0.dropFirst()) }
    }
    return names
  }

  /// The encoders that the recipe itself names.
  public var encoders: Set<String> {
    var names: Set<String> = []
    for case .ffmpeg(let arguments) in steps {
      let words = arguments.split(separator: " ")
      for (option, value) in zip(words, words.dropFirst()) where option.hasPrefix("-c:v") && value != "copy" {
        names.insert(String(value))
      }
    }
    return names
  }
}
