internal import CVABufShims
internal import Glibc
internal import Synchronization

/// One OS thread that runs the jobs of one actor, so that decoding may block without starving Swift's cooperative
/// threads.
package final class DecodeExecutor: SerialExecutor {
  private let queue: JobQueue

  /// - Parameter name: the thread's name as `top -H` shows it; the kernel keeps 15 bytes.
  package init(name: String) {
    queue = JobQueue()
    queue.startThread(name: name)
  }

  deinit { queue.close() }

  package func enqueue(_ job: consuming ExecutorJob) {
    queue.add(UnownedJob(job), executor: self)
  }
}

/// What the thread and its executor share. Both hold it, and neither holds the other: the executor's end closes the queue,
/// and the thread, which is detached, ends by itself when the queue is closed and empty.
// Sendable: the lists are touched under `mutex` only.
private final class JobQueue: @unchecked Sendable {
  private struct Entry {
    var job: UnownedJob
    // Keeps the executor alive while its job runs.
    var executor: DecodeExecutor
  }

  private var entries: [Entry] = []
  private var isClosed = false
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    // Neither call can fail with default attributes on Linux (pthread_mutex_init(3p), glibc).
    precondition(pthread_mutex_init(mutex, nil) == 0 && pthread_cond_init(condition, nil) == 0)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  func add(_ job: UnownedJob, executor: DecodeExecutor) {
    pthread_mutex_lock(mutex)
    entries.append(Entry(job: job, executor: executor))
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  func close() {
    pthread_mutex_lock(mutex)
    isClosed = true
    pthread_cond_signal(condition)
    pthread_mutex_unlock(mutex)
  }

  func startThread(name: String) {
    let start = Unmanaged.passRetained(ThreadStart(queue: self, name: name))
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { return nil }
        let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
        // A thread without a name works as well.
        _ = vabuf_name_this_thread(String(start.name.prefix(15)))
        start.queue.run()
        return nil
      }, start.toOpaque())
    // Out of threads: there is no way to go on, and Swift's own runtime would trap likewise.
    precondition(result == 0, "pthread_create: \(result)")
    pthread_detach(thread)
  }

  private final class ThreadStart {
    let queue: JobQueue
    let name: String
    init(queue: JobQueue, name: String) {
      self.queue = queue
      self.name = name
    }
  }

  private func run() {
    while let batch = takeAll() {
      for entry in batch { entry.job.runSynchronously(on: entry.executor.asUnownedSerialExecutor()) }
    }
  }

  /// Waits for jobs; nil when the queue is closed and empty.
  private func takeAll() -> [Entry]? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while entries.isEmpty {
      if isClosed { return nil }
      pthread_cond_wait(condition, mutex)
    }
    defer { entries.removeAll() }
    return entries
  }
}
