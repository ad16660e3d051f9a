internal import CVABufShims
internal import Glibc

/// Who may open a device node, and whether we may.
package struct NodeAccess: Hashable, Sendable {
  /// The permission bits, as 0o660.
  package var mode: UInt32
  package var owner: UInt32
  /// The owner's name; nil where the system knows none, as in many containers.
  package var ownerName: String?
  package var group: UInt32
  /// The group's name; nil where the system knows none.
  package var groupName: String?
  /// The errno of opening it to read and write; nil where that worked.
  package var openError: Int32?

  /// This process can open the node.
  package var isOpenable: Bool { openError == nil }

  /// Why it cannot be opened, in the system's words.
  package var reason: String? { openError.map { String(cString: strerror($0)) } }

  package init(
    mode: UInt32, owner: UInt32, ownerName: String? = nil, group: UInt32, groupName: String? = nil,
    openError: Int32? = nil
  ) {
    self.mode = mode
    self.owner = owner
    self.ownerName = ownerName
    self.group = group
    self.groupName = groupName
    self.openError = openError
  }

  /// The errno of opening it, as `EACCES`; nil where that worked.
  package var errorName: String? { openError.map(errnoName) }

  /// Looks at the node, and opens and closes it once. nil where there is nothing at `path`.
  package init?(path: String) { self.init(path: path) { _ in } }

  /// - Parameter look: called with the node's descriptor while it is open.
  init?(path: String, _ look: (Int32) -> Void) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    let openError = descriptor < 0 ? errno : nil
    if descriptor >= 0 {
      look(descriptor)
      closeChecked(descriptor)
    }
    self.init(
      mode: status.st_mode & 0o7777, owner: status.st_uid, ownerName: Self.userName(status.st_uid),
      group: status.st_gid, groupName: Self.groupName(status.st_gid), openError: openError)
  }

  /// What to do so that it can be opened; nil where it can.
  package var remedy: String? {
    guard let openError else { return nil }
    guard openError == EACCES || openError == EPERM else { return "check the node with `ls -l`" }
    guard mode & 0o060 == 0o060 else { return "its group may not use it: `chmod g+rw`, or a udev rule, as root" }
    guard let groupName else {
      return "no group has its number \(group) here: a container needs --group-add \(group)"
    }
    return "join its group: `sudo usermod -aG \(groupName) $USER`, then log in again; in a container: "
      + "--group-add \(group)"
  }

  private static func userName(_ id: UInt32) -> String? {
    var record = passwd()
    var found: UnsafeMutablePointer<passwd>?
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16384) { text in
      guard let start = text.baseAddress, getpwuid_r(id, &record, start, text.count, &found) == 0, found != nil else {
        return nil
      }
      return record.pw_name.map { String(cString: $0) }
    }
  }

  private static func groupName(_ id: UInt32) -> String? {
    var record = GroupRecord()
    var found: UnsafeMutablePointer<GroupRecord>?
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 65536) { text in
      guard let start = text.baseAddress, getgrgid_r(id, &record, start, text.count, &found) == 0, found != nil else {
        return nil
      }
      return record.gr_name.map { String(cString: $0) }
    }
  }
}

// `group` is the name of a property above.
private typealias GroupRecord = Glibc.group

/// libc's constant of an errno, as `EACCES`.
package func errnoName(_ number: Int32) -> String {
  vabuf_error_name(number).map { String(cString: $0) } ?? "errno \(number)"
}

/// Closes a descriptor that is ours. A failure means that it was not: our own mistake, which could close a file of
/// somebody else the next time.
func closeChecked(_ descriptor: Int32) {
  // Linux has closed the descriptor also where it says EINTR or EIO.
  let result = close(descriptor)
  precondition(result == 0 || errno != EBADF, "descriptor \(descriptor) closed twice")
}
