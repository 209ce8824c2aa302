import type { ModelBinding } from '../../../catalog/models/model.ts'
import type { Pipeline } from './pipeline.ts'

/** The pipeline that a version's kind asks for. Fails with MODEL_INVALID, or MODULE_LOAD_FAILED for a module of its own. */
export async function openPipeline(binding: ModelBinding): Promise<Pipeline> {
  switch (binding.version.pipeline.kind) {
    case 'tensors':
      return (await import('./tensorPipeline.ts')).openTensorPipeline(binding)
    case 'textEmbedding':
    case 'textClassification':
      return (await import('./text/textPipeline.ts')).openTextPipeline(binding)
  }
}
