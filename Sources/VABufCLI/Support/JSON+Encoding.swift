import VABuf

extension JSON {
  /// A value as JSON, its keys in the order in which they are encoded.
  init(encoding value: some Encodable) throws {
    let encoder = TreeEncoder()
    try value.encode(to: encoder)
    self = encoder.result
  }

  /// A document that people can read too: short objects and lists on a line, others indented.
  var tree: String { Self.tree(self, indent: "") }

  private static func tree(_ value: JSON, indent: String) -> String {
    let line = value.compact
    if line.count + indent.count <= 110 { return line }
    let inner = indent + "  "
    switch value {
    case .object(let members):
      let lines = members.map { "\(inner)\(quote($0)): \(tree($1, indent: inner))" }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
    case .array(let values):
      return "[\n" + values.map { inner + tree($0, indent: inner) }.joined(separator: ",\n") + "\n\(indent)]"
    default: return line
    }
  }
}

/// Encodes to a tree. Unlike Foundation's encoder it keeps the order of keys: `schema` comes first.
private final class TreeEncoder: Encoder {
  enum Node {
    case leaf(JSON)
    case object([(String, TreeEncoder)])
    case array([TreeEncoder])
  }

  var node = Node.leaf(.null)
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  var result: JSON {
    switch node {
    case .leaf(let value): value
    case .object(let members): .object(members.map { ($0, $1.result) })
    case .array(let values): .array(values.map(\.result))
    }
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    if case .object = node {} else { node = .object([]) }
    return KeyedEncodingContainer(Keyed<Key>(encoder: self))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    if case .array = node {} else { node = .array([]) }
    return Unkeyed(encoder: self)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer { Single(encoder: self) }

  func member(_ name: String) -> TreeEncoder {
    let child = TreeEncoder()
    if case .object(var members) = node {
      members.append((name, child))
      node = .object(members)
    }
    return child
  }

  func element() -> TreeEncoder {
    let child = TreeEncoder()
    if case .array(var values) = node {
      values.append(child)
      node = .array(values)
    }
    return child
  }

  func write<T: Encodable>(_ value: T) throws {
    switch value {
    case let value as Bool: node = .leaf(.bool(value))
    case let value as String: node = .leaf(.string(value))
    case let value as Double: node = .leaf(.number(value))
    case let value as Int: node = .leaf(.int(value))
    case let value as [String: Int]:
      node = .leaf(.object(value.sorted { $0.key < $1.key }.map { ($0.key, .int($0.value)) }))
    case let value as [String: String]:
      node = .leaf(.object(value.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
    default: try value.encode(to: self)
    }
  }

  private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let encoder: TreeEncoder
    var codingPath: [any CodingKey] { [] }
    mutating func encodeNil(forKey key: Key) { encoder.member(key.stringValue).node = .leaf(.null) }
    mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
      try encoder.member(key.stringValue).write(value)
    }
    // What is not known is null, and never missing: programs need not ask twice.
    mutating func encodeIfPresent<T: Encodable>(_ value: T?, forKey key: Key) throws {
      if let value { try encode(value, forKey: key) } else { encodeNil(forKey: key) }
    }
    mutating func encodeIfPresent(_ value: String?, forKey key: Key) throws {
      if let value { try encode(value, forKey: key) } else { encodeNil(forKey: key) }
    }
    mutating func encodeIfPresent(_ value: Int?, forKey key: Key) throws {
      if let value { try encode(value, forKey: key) } else { encodeNil(forKey: key) }
    }
    mutating func encodeIfPresent(_ value: Double?, forKey key: Key) throws {
      if let value { try encode(value, forKey: key) } else { encodeNil(forKey: key) }
    }
    mutating func encodeIfPresent(_ value: Bool?, forKey key: Key) throws {
      if let value { try encode(value, forKey: key) } else { encodeNil(forKey: key) }
    }
    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Nested> { encoder.member(key.stringValue).container(keyedBy: type) }
    mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      encoder.member(key.stringValue).unkeyedContainer()
    }
    mutating func superEncoder() -> any Encoder { encoder.member("super") }
    mutating func superEncoder(forKey key: Key) -> any Encoder { encoder.member(key.stringValue) }
  }

  private struct Unkeyed: UnkeyedEncodingContainer {
    let encoder: TreeEncoder
    var codingPath: [any CodingKey] { [] }
    var count: Int { if case .array(let values) = encoder.node { values.count } else { 0 } }
    mutating func encodeNil() { encoder.element().node = .leaf(.null) }
    mutating func encode<T: Encodable>(_ value: T) throws { try encoder.element().write(value) }
    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
      encoder.element().container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder.element().unkeyedContainer() }
    mutating func superEncoder() -> any Encoder { encoder.element() }
  }

  private struct Single: SingleValueEncodingContainer {
    let encoder: TreeEncoder
    var codingPath: [any CodingKey] { [] }
    mutating func encodeNil() { encoder.node = .leaf(.null) }
    mutating func encode<T: Encodable>(_ value: T) throws { try encoder.write(value) }
  }
}
