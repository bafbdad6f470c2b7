{{/* By the length of a queue where KEDA is and a queue is named, else by CPU of our own container: sidecars use CPU
     of theirs, which says nothing about our load. */}}
{{- define "common.autoscaler" -}}
{{- $scale := .spec.autoscaling -}}
{{- if and $scale.queue (.root.Capabilities.APIVersions.Has "keda.sh/v1alpha1") -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    name: {{ .name }}
    envSourceContainerName: {{ .name }}
  minReplicaCount: {{ $scale.min }}
  maxReplicaCount: {{ $scale.max }}
  pollingInterval: 15
  advanced:
    horizontalPodAutoscalerConfig:
      behavior: {{ toJson $scale.behavior }}
  triggers:
    - type: rabbitmq
      metadata:
        protocol: amqp
        mode: QueueLength
        queueName: {{ $scale.queue }}
        value: {{ $scale.messagesPerReplica | default 50 | quote }}
        hostFromEnv: BROKER_URL
{{- else -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ .name }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "common.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ .name }}
  minReplicas: {{ $scale.min }}
  maxReplicas: {{ $scale.max }}
  metrics:
    - type: ContainerResource
      containerResource:
        name: cpu
        container: {{ .name }}
        target:
          type: Utilization
          averageUtilization: {{ $scale.cpu }}
  behavior: {{ toJson $scale.behavior }}
{{- end }}
{{- end }}
