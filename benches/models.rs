//! Each model on each engine, one picture, all cores.

mod scene;

use criterion::{Criterion, criterion_group, criterion_main};
use parure::infer::{ModelId, Tensor, manifest};

fn models(c: &mut Criterion) {
    for engine in scene::engines() {
        let mut group = c.benchmark_group(format!("model/{}", engine.name()));
        for (id, entry) in ModelId::ALL
            .into_iter()
            .zip(manifest::entries().expect("the manifest"))
        {
            let shape = entry.inputs[0].shape.clone();
            let length = shape.iter().product();
            // Noise, so that no zero is skipped.
            let data: Vec<f32> = (0..length).map(|i| (i * 7919 % 256) as f32 / 255.0).collect();
            group.bench_function(id.name(), |b| {
                b.iter(|| {
                    let input = Tensor {
                        shape: shape.clone(),
                        data: data.clone(),
                    };
                    engine.run(id, input).expect("it runs")
                })
            });
        }
        group.finish();
    }
}

fn settings() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(2))
}

criterion_group! { name = benches; config = settings(); targets = models }
criterion_main!(benches);
