{{- define "backend.job" -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .name }}-{{ .root.Release.Revision }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  # A database that is not there yet is no failure of ours: Kubernetes tries again, at longer and longer pauses.
  backoffLimit: 20
  activeDeadlineSeconds: 3600
  template:
    {{- include "common.podTemplate" (merge (dict "restartPolicy" "OnFailure") .) | nindent 4 }}
{{- end }}
