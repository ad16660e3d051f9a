internal import CPlacebo
internal import CSDL2

/// Vulkan's library, loaded by SDL: keeps it loaded.
final class VulkanLoader {
  private let display: DisplayConnection
  /// Where all of Vulkan's functions are asked for.
  let getInstanceProcAddr: PFN_vkGetInstanceProcAddr

  init(_ display: DisplayConnection) throws(DisplayUnavailable) {
    self.display = display
    guard SDL_Vulkan_LoadLibrary(nil) == 0 else {
      throw DisplayUnavailable(reason: "no library, or no driver (\(DisplayConnection.error))")
    }
    guard let getInstanceProcAddr = vabuf_vk_get_instance_proc_addr(SDL_Vulkan_GetVkGetInstanceProcAddr()) else {
      SDL_Vulkan_UnloadLibrary()
      throw DisplayUnavailable(reason: "Vulkan's library has no vkGetInstanceProcAddr")
    }
    self.getInstanceProcAddr = getInstanceProcAddr
  }

  deinit { SDL_Vulkan_UnloadLibrary() }

  /// What an instance must have for a window.
  func extensions(for window: Window) throws(DisplayUnavailable) -> [UnsafePointer<CChar>?] {
    var count: UInt32 = 0
    guard SDL_Vulkan_GetInstanceExtensions(window.handle, &count, nil) == SDL_TRUE else {
      throw DisplayUnavailable(reason: DisplayConnection.error)
    }
    // SDL's own strings, constants.
    var names = [UnsafePointer<CChar>?](repeating: nil, count: Int(count))
    guard SDL_Vulkan_GetInstanceExtensions(window.handle, &count, &names) == SDL_TRUE else {
      throw DisplayUnavailable(reason: DisplayConnection.error)
    }
    return Array(names.prefix(Int(count)))
  }
}

/// Owns an instance of Vulkan, and keeps the library that it lives in.
final class VulkanInstance {
  private let loader: VulkanLoader
  private let log: GraphicsLog
  fileprivate private(set) var instance: vabuf_pl_vk_inst?

  init(
    _ loader: VulkanLoader, extensions: [UnsafePointer<CChar>?], log: GraphicsLog
  ) throws(DisplayUnavailable) {
    self.loader = loader
    self.log = log
    var parameters = pl_vk_inst_default_params
    parameters.get_proc_addr = loader.getInstanceProcAddr
    instance = log.silently {
      extensions.withUnsafeBufferPointer { names in
        parameters.extensions = names.baseAddress
        parameters.num_extensions = Int32(names.count)
        return pl_vk_inst_create(log.handle, &parameters)
      }
    }
    guard instance != nil else { throw DisplayUnavailable(reason: "no driver that libplacebo can use") }
  }

  deinit { pl_vk_inst_destroy(&instance) }

  var handle: VkInstance? { instance?.pointee.instance }

  /// The best device, of those that can draw into a surface.
  func device(for surface: VulkanSurface?, allowsProcessor: Bool) -> VkPhysicalDevice? {
    var parameters = pl_vulkan_device_params()
    parameters.instance = handle
    parameters.get_proc_addr = loader.getInstanceProcAddr
    parameters.surface = surface?.handle
    parameters.allow_software = allowsProcessor
    return log.silently { pl_vulkan_choose_device(log.handle, &parameters) }
  }
}

/// Owns a window's surface, and keeps its instance and its window.
final class VulkanSurface {
  let window: Window
  private let instance: VulkanInstance
  let handle: VkSurfaceKHR

  init(_ instance: VulkanInstance, _ window: Window) throws(DisplayUnavailable) {
    var made: VkSurfaceKHR?
    guard SDL_Vulkan_CreateSurface(window.handle, instance.handle, &made) == SDL_TRUE, let made else {
      throw DisplayUnavailable(reason: DisplayConnection.error)
    }
    self.instance = instance
    self.window = window
    handle = made
  }

  deinit {
    guard vabuf_vk_destroy_surface(instance.instance, handle) else {
      preconditionFailure("Vulkan makes surfaces, and cannot destroy them")
    }
  }
}
