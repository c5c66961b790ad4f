"""Blender scene helpers: meshes and hair from numpy, lights, camera, render settings. Lengths in metres."""

import math

import bpy
import numpy as np
from mathutils import Matrix, Vector

PHOTO = dict(view="Filmic", look="Medium High Contrast", exposure=0.35)  # how `render` develops a photograph


def reset():
    """An empty Blender file."""
    bpy.ops.wm.read_factory_settings(use_empty=True)


def link(ob):
    """Put an object into the scene."""
    bpy.context.scene.collection.objects.link(ob)
    return ob


def mesh_object(name, vertices, faces, material, smooth=True, uvs=None, attributes=None):
    """A mesh object; `attributes` are per-vertex floats or vectors that materials read by name."""
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(map(float, v)) for v in vertices], [], [tuple(map(int, f)) for f in faces])
    mesh.validate()
    if uvs is not None:
        mesh.uv_layers.new(name="UVMap").data.foreach_set("uv", np.asarray(uvs, np.float32).ravel())
    for key, values in (attributes or {}).items():
        values = np.asarray(values, np.float32)
        if values.ndim == 1:
            mesh.attributes.new(key, "FLOAT", "POINT").data.foreach_set("value", values)
        else:
            mesh.attributes.new(key, "FLOAT_VECTOR", "POINT").data.foreach_set("vector", values.ravel())
    mesh.polygons.foreach_set("use_smooth", np.full(len(mesh.polygons), bool(smooth)))
    mesh.materials.append(material)
    return link(bpy.data.objects.new(name, mesh))


def hair_object(name, strands, radius_root, radius_tip, material):
    """Hair curves from an array (strands, points, 3)."""
    count, points, _ = strands.shape
    curves = bpy.data.hair_curves.new(name)
    curves.add_curves([points] * count)
    curves.attributes["position"].data.foreach_set("vector", strands.astype(np.float32).ravel())
    radius = np.tile(np.linspace(radius_root, radius_tip, points, dtype=np.float32), count)
    layer = curves.attributes.get("radius") or curves.attributes.new("radius", "FLOAT", "POINT")
    layer.data.foreach_set("value", radius)
    curves.materials.append(material)
    return link(bpy.data.objects.new(name, curves))


def evaluated_mesh(ob):
    """Vertices and faces after the modifiers."""
    evaluated = ob.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    v = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", v)
    faces = [tuple(p.vertices) for p in mesh.polygons]
    evaluated.to_mesh_clear()
    return v.reshape(-1, 3).astype(float), faces


def direction(azimuth, elevation):
    """Unit vector from the subject: azimuth 0 towards the camera, positive to the picture's right; degrees."""
    a, e = math.radians(azimuth), math.radians(elevation)
    return np.array([math.sin(a) * math.cos(e), -math.cos(a) * math.cos(e), math.sin(e)])


def area_light(name, location, target, size, watts, color=(1, 1, 1), height=None):
    """A rectangular softbox aimed at a point."""
    light = bpy.data.lights.new(name, "AREA")
    light.energy = watts
    light.color = color
    light.shape = "RECTANGLE"
    light.size = size
    light.size_y = height or size
    ob = link(bpy.data.objects.new(name, light))
    ob.location = location
    ob.rotation_euler = (Vector(target) - Vector(location)).to_track_quat("-Z", "Y").to_euler()
    return ob


def camera(location, target, focal_mm, size, up=(0, 0, 1), fstop=None):
    """The scene's camera: 36 mm sensor along the longer side of `size` (width, height in pixels)."""
    cam = bpy.data.cameras.new("camera")
    cam.lens = focal_mm
    cam.sensor_width = 36.0
    cam.clip_start = 0.01
    cam.clip_end = 50
    ob = link(bpy.data.objects.new("camera", cam))
    f = (Vector(target) - Vector(location)).normalized()
    r = f.cross(Vector(up)).normalized()
    u = r.cross(f)
    x, y, z = location
    ob.matrix_world = Matrix(((r.x, u.x, -f.x, x), (r.y, u.y, -f.y, y), (r.z, u.z, -f.z, z), (0, 0, 0, 1)))
    if fstop:
        cam.dof.use_dof = True
        cam.dof.focus_distance = (Vector(target) - Vector(location)).length
        cam.dof.aperture_fstop = fstop
    scene = bpy.context.scene
    scene.camera = ob
    scene.render.resolution_x, scene.render.resolution_y = size
    scene.render.resolution_percentage = 100


def focal_35mm(focal_mm, size):
    """Focal length on 35 mm film with the same diagonal field of view."""
    return focal_mm / 36.0 * max(size) * 43.27 / float(np.hypot(*size))


def render(path, samples, transparent=False, view="Filmic", look="None", exposure=0.0, bounces=7, threads=2):
    """Render the scene with Cycles on the CPU to a PNG (RGBA when transparent)."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.seed = 0
    cycles.samples = samples
    cycles.use_adaptive_sampling = True
    cycles.adaptive_threshold = 0.02
    cycles.use_denoising = True
    cycles.denoiser = "OPENIMAGEDENOISE"
    cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
    cycles.denoising_prefilter = "FAST"
    cycles.max_bounces = bounces
    cycles.diffuse_bounces = 2
    cycles.glossy_bounces = 5
    cycles.transmission_bounces = max(8, bounces)
    cycles.transparent_max_bounces = 12
    cycles.caustics_reflective = False
    cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 6.0
    scene.cycles_curves.shape = "RIBBONS"
    scene.cycles_curves.subdivisions = 2
    scene.render.threads_mode = "FIXED"
    scene.render.threads = threads
    scene.render.film_transparent = transparent
    scene.view_settings.view_transform = view
    scene.view_settings.look = look
    scene.view_settings.exposure = exposure
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGBA" if transparent else "RGB"
    scene.render.filepath = path
    bpy.ops.render.render(write_still=True)
