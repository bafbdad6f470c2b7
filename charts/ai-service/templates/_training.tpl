{{/* The service's values with the place of artefacts: a claim that service and training share, or the pod's own. */}}
{{- define "ai-service.withArtefacts" -}}
{{- $spec := deepCopy .Values -}}
{{- if .Values.artefacts.persistence -}}
{{- $claim := dict "claimName" (printf "%s-artefacts" .Values.name) -}}
{{- $_ := set $spec "scratch" (omit $spec.scratch "/artefacts") -}}
{{- $_ = set $spec "volumes" (append $spec.volumes (dict "name" "artefacts" "persistentVolumeClaim" $claim)) -}}
{{- $_ = set $spec "volumeMounts" (append $spec.volumeMounts (dict "name" "artefacts" "mountPath" "/artefacts")) -}}
{{- else if and .Values.training.enabled (hasPrefix "file:" .Values.env.MODEL_STORE) -}}
{{- fail (printf "%s: what training publishes would stay in its own pod; set artefacts.persistence to true, or env.MODEL_STORE to a store that both reach, as s3://…" .Values.name) -}}
{{- end -}}
{{- toJson $spec -}}
{{- end }}

{{/* A database that is not there yet is tried again; a model that did not beat its baseline (exit status 3) is not. */}}
{{- define "ai-service.jobSpec" -}}
backoffLimit: 6
activeDeadlineSeconds: {{ .root.Values.training.deadlineSeconds }}
podFailurePolicy:
  rules:
    - action: FailJob
      onExitCodes: {containerName: {{ .name }}, operator: In, values: [3]}
template:
  {{- include "common.podTemplate" (merge (dict "restartPolicy" "Never") .) | nindent 2 }}
{{- end }}
